#include "gateway/ssh/read_ahead.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace ecluse::ssh {
namespace {

/// With libssh's own 4 KiB, two full packets of OpenSSH. Never touched by a session that only
/// types, and pages that are not touched cost nothing.
constexpr std::size_t ahead_bytes = 60 * 1024;

using Bytes = std::array<char, ahead_bytes>;

/// The worker is one thread, and nothing of ours is handed down to where libssh calls `recv`.
std::array<Bytes, ReadAhead::sockets_max>& buffers()
{
    static std::array<Bytes, ReadAhead::sockets_max> all;
    return all;
}

struct Place {
    int fd = -1;
    /// libssh's `poll` comes through us: only then may the kernel's be left out.
    bool polled = false;
    std::size_t begin = 0;
    std::size_t end = 0;
    Bytes& bytes;

    [[nodiscard]] bool has_bytes() const { return begin < end; }
};

std::array<Place, ReadAhead::sockets_max>& places()
{
    static std::array<Place, ReadAhead::sockets_max> all{
        Place{.bytes = buffers()[0]}, Place{.bytes = buffers()[1]}};
    return all;
}

Place* find(int fd)
{
    if (fd < 0) return nullptr;
    auto& all = places();
    auto const found =
        std::find_if(all.begin(), all.end(), [&](auto const& place) { return place.fd == fd; });
    return found == all.end() ? nullptr : &*found;
}

ssize_t take(Place& place, void* buffer, std::size_t length)
{
    auto const part = std::min(length, place.end - place.begin);
    std::memcpy(buffer, place.bytes.data() + place.begin, part);
    place.begin += part;
    return static_cast<ssize_t>(part);
}

ssize_t read_more(Place& place, void* buffer, std::size_t length)
{
    std::array<iovec, 2> parts{
        iovec{buffer, length}, iovec{place.bytes.data(), place.bytes.size()}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    auto const got = ::recvmsg(place.fd, &message, 0);
    if (got <= static_cast<ssize_t>(length)) return got;
    place.begin = 0;
    place.end = static_cast<std::size_t>(got) - length;
    return static_cast<ssize_t>(length);
}

} // namespace

void ReadAhead::start(int fd)
{
    stop();
    auto& all = places();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].fd >= 0) continue;
        all[i].fd = fd;
        all[i].polled = false;
        all[i].begin = 0;
        all[i].end = 0;
        place_ = static_cast<int>(i);
        return;
    }
}

void ReadAhead::stop()
{
    if (place_ >= 0) places()[static_cast<std::size_t>(place_)].fd = -1;
    place_ = -1;
}

bool ReadAhead::has_bytes() const
{
    return place_ >= 0 && places()[static_cast<std::size_t>(place_)].has_bytes();
}

} // namespace ecluse::ssh

// What libssh calls ----------------------------------------------------------------------------
//
// The program's own definition of a function comes before the C library's for every library it
// loads. The names are given to the linker only: the headers' inline versions stay out of the way.

extern "C" {

int ecluse_poll(pollfd* fds, nfds_t count, int timeout_ms) __asm__("poll");
ssize_t ecluse_recv(int fd, void* buffer, std::size_t length, int flags) __asm__("recv");

int ecluse_poll(pollfd* fds, nfds_t count, int timeout_ms)
{
    using namespace ecluse::ssh;
    bool served = false;
    for (nfds_t i = 0; i < count; ++i) {
        if ((fds[i].events & POLLIN) == 0) continue;
        auto* const place = find(fds[i].fd);
        if (!place) continue;
        place->polled = true;
        served = served || place->has_bytes();
    }
    // Whether the socket takes bytes is asked again once ours are used up: sixteen rounds later.
    if (served && count == 1) {
        fds[0].revents = POLLIN;
        return 1;
    }
    timespec const limit{timeout_ms / 1000, (timeout_ms % 1000) * 1'000'000L};
    timespec const none{0, 0};
    auto const* const wait = served ? &none : (timeout_ms < 0 ? nullptr : &limit);
    int const ready = ::ppoll(fds, count, wait, nullptr);
    if (!served) return ready;
    int total = 0;
    for (nfds_t i = 0; i < count; ++i) {
        if (ready <= 0) fds[i].revents = 0;
        auto const* const place = find(fds[i].fd);
        if (place && place->has_bytes() && (fds[i].events & POLLIN) != 0) fds[i].revents |= POLLIN;
        if (fds[i].revents != 0) ++total;
    }
    return total;
}

ssize_t ecluse_recv(int fd, void* buffer, std::size_t length, int flags)
{
    using namespace ecluse::ssh;
    auto* const place = flags == 0 ? find(fd) : nullptr;
    if (!place || !place->polled) return ::recvfrom(fd, buffer, length, flags, nullptr, nullptr);
    return place->has_bytes() ? take(*place, buffer, length) : read_more(*place, buffer, length);
}

} // extern "C"
