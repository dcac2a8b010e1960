#include "common/packet.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace ecluse {
namespace {

Result<sockaddr_un> address_of(std::string const& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return Error{Errc::too_large, "socket path too long: " + path};
    std::copy(path.begin(), path.end(), address.sun_path);
    return address;
}

sockaddr const* as_sockaddr(sockaddr_un const& address)
{
    return reinterpret_cast<sockaddr const*>(&address);
}

} // namespace

Result<std::pair<PacketSocket, PacketSocket>> PacketSocket::pair()
{
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return os_error("create socket pair");
    return std::pair{PacketSocket{Fd{ends[0]}}, PacketSocket{Fd{ends[1]}}};
}

Result<PacketSocket> PacketSocket::connect(std::string const& path)
{
    auto const address = ECLUSE_TRY(address_of(path));
    // Not blocking: a frozen server with a full queue must not freeze its clients.
    Fd fd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) return os_error("create socket");
    if (::connect(fd.get(), as_sockaddr(address), sizeof address) != 0)
        return os_error("connect to " + path);
    if (auto const done = set_nonblocking(fd.get(), false); !done) return done.error();
    return PacketSocket{std::move(fd)};
}

Result<> PacketSocket::send(std::string_view json, std::vector<int> const& descriptors) const
{
    if (json.size() > packet_bytes_max)
        return Error{Errc::too_large, "send packet: object too large"};
    ECLUSE_ASSERT(descriptors.size() <= packet_descriptors_max);
    iovec part{const_cast<char*>(json.data()), json.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * packet_descriptors_max)]{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        auto const bytes = descriptors.size() * sizeof(int);
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(bytes);
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(bytes);
        std::memcpy(CMSG_DATA(header), descriptors.data(), bytes);
    }
    while (::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return Error{Errc::unavailable, "send packet: the peer does not read"};
        return os_error("send packet");
    }
    return {};
}

Result<>
PacketSocket::send(boost::json::object const& object, std::vector<int> const& descriptors) const
{
    return send(std::string_view{boost::json::serialize(object)}, descriptors);
}

Result<std::optional<Packet>> PacketSocket::receive() const
{
    // Neither cleared nor allocated anew each time: a relay looks here on every turn of its loop.
    // Only the pages that packets touch are ever real.
    thread_local std::array<char, packet_bytes_max> buffer;
    Packet packet;
    iovec part{buffer.data(), buffer.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * packet_descriptors_max)]{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t got = -1;
    while ((got = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC)) < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return Error{Errc::unavailable, "no packet waits"};
        // A peer that died with our packets unread.
        if (errno == ECONNRESET) return std::optional<Packet>{};
        return os_error("receive packet");
    }
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        auto const count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            packet.descriptors.emplace_back(fd);
        }
    }
    packet.json.assign(buffer.data(), static_cast<std::size_t>(got));
    // Passwords come this way too.
    ::explicit_bzero(buffer.data(), static_cast<std::size_t>(got));
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        return Error{Errc::too_large, "receive packet: truncated"};
    // Nobody sends an empty packet, so nothing read is the peer's end.
    if (got == 0) return std::optional<Packet>{};
    return std::optional{std::move(packet)};
}

Result<std::optional<Packet>> PacketSocket::receive(std::chrono::milliseconds limit) const
{
    auto const deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        pollfd waiting{fd_.get(), POLLIN, 0};
        int const ready = ::poll(&waiting, 1, static_cast<int>(std::max(left.count(), 0L)));
        if (ready > 0) return receive();
        if (ready == 0) return Error{Errc::timed_out, "receive packet: no answer in time"};
        if (errno != EINTR) return os_error("wait for packet");
    }
}

Result<PeerIdentity> PacketSocket::peer() const
{
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return os_error("read peer credentials");
    return PeerIdentity{credentials.uid, credentials.gid, credentials.pid};
}

Result<Fd> listen_packets(std::string const& path, unsigned mode)
{
    auto const address = ECLUSE_TRY(address_of(path));
    Fd fd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) return os_error("create socket");
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return os_error("remove old socket " + path);
    if (::bind(fd.get(), as_sockaddr(address), sizeof address) != 0)
        return os_error("bind " + path);
    if (::chmod(path.c_str(), mode) != 0) return os_error("set mode of " + path);
    if (::listen(fd.get(), SOMAXCONN) != 0) return os_error("listen on " + path);
    return fd;
}

Result<PacketSocket> accept_packets(int listener)
{
    int const fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) return PacketSocket{Fd{fd}};
    if (errno == EAGAIN) return Error{Errc::unavailable, "no connection waits"};
    return os_error("accept");
}

} // namespace ecluse
