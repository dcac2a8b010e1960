#pragma once

#include "common/fd.h"
#include "common/packet.h"
#include "recorder/format/frame.h"
#include "tests/support/identity.h"

#include <boost/json/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The real ecluse-recorder and the two roles that talk to it, for scenario tests.
namespace ecluse::test {

class RecorderProcess {
public:
    explicit RecorderProcess(std::string root, std::vector<std::string> options = {});
    ~RecorderProcess();
    RecorderProcess(RecorderProcess const&) = delete;
    RecorderProcess& operator=(RecorderProcess const&) = delete;

    void signal(int number) const;
    /// The exit status, or minus the signal.
    int wait();
    [[nodiscard]] std::string const& root() const { return root_; }
    [[nodiscard]] std::string socket() const { return root_ + "/run/recorder.sock"; }
    /// A line of /proc/PID/status or smaps_rollup in KiB: "VmRSS", "Pss".
    [[nodiscard]] std::uint64_t memory_kib(std::string_view field) const;
    /// User and system time so far.
    [[nodiscard]] std::chrono::milliseconds cpu() const;

private:
    std::string root_;
    int pid_ = -1;
};

/// What /proc says of a process; also used for the encoder.
[[nodiscard]] std::uint64_t process_memory_kib(int pid, std::string_view field);
[[nodiscard]] std::chrono::milliseconds process_cpu(int pid);

/// The worker's end of an intake.
class Intake {
public:
    explicit Intake(Fd fd) : fd_{std::move(fd)} {}
    void write(FrameKind kind, std::string_view payload, std::uint16_t channel = 0);
    void write_raw(std::string_view bytes);
    /// How many frames are on disk, once at least `count` are; nullopt when the socket ends or the
    /// limit passes.
    std::optional<std::uint64_t>
    acknowledged(std::uint64_t count, std::chrono::milliseconds limit = std::chrono::seconds{10});
    /// Whether the recorder closed it, within the limit.
    bool closed(std::chrono::milliseconds limit);
    void close() { fd_.reset(); }
    /// For another program to write to.
    [[nodiscard]] Fd take() { return std::move(fd_); }
    [[nodiscard]] std::uint64_t written() const { return written_; }
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    Fd fd_;
    std::string acks_;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t written_ = 0;
};

/// policyd as the recorder sees it.
class PolicydSide {
public:
    /// Connects (waiting for the socket to appear) and greets.
    explicit PolicydSide(std::string const& socket, bool greet = true);
    ~PolicydSide();

    /// The answer to one request; pushes met on the way are kept for `push`.
    boost::json::object
    ask(boost::json::object const& request, std::vector<int> const& descriptors = {});
    void tell(boost::json::object const& request, std::vector<int> const& descriptors = {});
    Intake create(std::string const& session);
    /// The next push of this kind, for this session when one is given.
    boost::json::object push(
        std::string_view kind,
        std::string_view session = "",
        std::chrono::milliseconds limit = std::chrono::seconds{10}
    );
    /// Signs the seal and waits until it is stored.
    void countersign(std::string const& folder, std::string const& session);
    [[nodiscard]] boost::json::object const& greeting() const;
    [[nodiscard]] std::vector<Fd>& descriptors() { return descriptors_; }
    [[nodiscard]] PacketSocket const& socket() const { return socket_; }
    [[nodiscard]] std::optional<boost::json::object>
    try_ask(boost::json::object const& request, std::vector<int> const& descriptors = {});

private:
    struct Kept;
    PacketSocket socket_;
    std::int64_t id_ = 0;
    std::vector<Fd> descriptors_;
    std::unique_ptr<Kept> kept_;
};

/// Where the recorder put a session.
[[nodiscard]] std::string folder_of(std::string const& root, std::string const& session);
[[nodiscard]] std::string session_id(int number);

} // namespace ecluse::test
