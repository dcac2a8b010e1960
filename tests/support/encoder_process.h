#pragma once

#include "common/fd.h"
#include "common/packet.h"
#include "recorder/format/feed.h"
#include "tests/support/recorder_process.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The real ecluse-encode, started as the worker starts it, for scenario tests.
namespace ecluse::test {

class EncoderProcess {
public:
    explicit EncoderProcess(Fd intake, int stall_ms = 5000, int frames_per_second = 8);
    ~EncoderProcess();
    EncoderProcess(EncoderProcess const&) = delete;
    EncoderProcess& operator=(EncoderProcess const&) = delete;

    /// A frame with the time of now; how many have been sent.
    std::uint64_t send(feed::Kind kind, std::string_view payload);
    void send_raw(std::string_view bytes);
    /// As Intake::acknowledged.
    std::optional<std::uint64_t>
    acknowledged(std::uint64_t count, std::chrono::milliseconds limit = std::chrono::seconds{10});
    /// The worker's death: both its sockets.
    void abandon();
    void signal(int number) const;
    /// The exit status, or minus the signal.
    int wait();
    /// As RecorderProcess.
    [[nodiscard]] std::uint64_t memory_kib(std::string_view field) const;
    [[nodiscard]] std::chrono::milliseconds cpu() const;
    [[nodiscard]] int pid() const { return pid_; }
    [[nodiscard]] Intake& feed() { return feed_; }

private:
    int pid_ = -1;
    std::uint64_t sent_ = 0;
    Intake feed_{Fd{}};
    PacketSocket control_;
};

/// What the RSSI's key reads in a session's folder: every frame, and the video.
struct ReadBack {
    struct Frame {
        FrameKind kind;
        std::uint64_t mono_us;
        std::string payload;
    };
    std::vector<Frame> frames;
    std::string video;
};
[[nodiscard]] ReadBack read_back(std::string const& folder);

} // namespace ecluse::test
