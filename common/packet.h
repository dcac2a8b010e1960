#pragma once

#include "common/fd.h"

#include <boost/json/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The one way our processes talk: one JSON object per packet on a Unix SEQPACKET socket, with
/// descriptors attached. The descriptors in a packet are the permissions it grants
/// (docs/requests.md).
namespace ecluse {

/// A larger object is a page, or a document travelling as a descriptor.
constexpr std::size_t packet_bytes_max = 64 * 1024;
/// The most any packet carries: a recording's files.
constexpr std::size_t packet_descriptors_max = 16;

struct Packet {
    std::string json;
    std::vector<Fd> descriptors;
};

struct PeerIdentity {
    unsigned uid;
    unsigned gid;
    int pid;
};

class PacketSocket {
public:
    PacketSocket() = default;
    explicit PacketSocket(Fd fd) : fd_{std::move(fd)} {}

    [[nodiscard]] static Result<std::pair<PacketSocket, PacketSocket>> pair();
    [[nodiscard]] static Result<PacketSocket> connect(std::string const& path);

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] Fd take() { return std::move(fd_); }
    [[nodiscard]] explicit operator bool() const { return static_cast<bool>(fd_); }

    /// Sends now or fails: a peer that does not read (full socket) is an `unavailable` error.
    Result<> send(std::string_view json, std::vector<int> const& descriptors = {}) const;
    Result<>
    send(boost::json::object const& object, std::vector<int> const& descriptors = {}) const;
    /// One packet; nullopt when the peer closed. Blocks when the descriptor is blocking; on a
    /// non-blocking one an empty socket is an `unavailable` error. A truncated packet is
    /// `too_large`.
    [[nodiscard]] Result<std::optional<Packet>> receive() const;
    /// Waits up to `limit` for a packet; `timed_out` afterwards.
    [[nodiscard]] Result<std::optional<Packet>> receive(std::chrono::milliseconds limit) const;
    [[nodiscard]] Result<PeerIdentity> peer() const;

private:
    Fd fd_;
};

/// A listening SEQPACKET socket on a path (an old socket file is replaced), mode as given.
[[nodiscard]] Result<Fd> listen_packets(std::string const& path, unsigned mode);
/// The next connection of a listening socket; `unavailable` when there is none now.
[[nodiscard]] Result<PacketSocket> accept_packets(int listener);

} // namespace ecluse
