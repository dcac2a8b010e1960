#include "gateway/terminal/bridge.h"

#include "common/log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace ecluse::terminal {
namespace {

/// A page says its size as soon as its socket is open.
constexpr std::chrono::seconds first_frame_limit{10};
/// How long a page may take over the last frames.
constexpr std::chrono::seconds farewell_limit{5};
/// Nothing is waited for longer: libssh may owe the worker an answer that no descriptor shows.
constexpr std::chrono::milliseconds sleep_max{5000};

/// One packet; nothing: none is there. Empty: the other side left, or sent what no frame is.
std::optional<std::string> receive_packet(int fd)
{
    std::array<char, page_frame_bytes_max + 1> packet{};
    auto const size = ::recv(fd, packet.data(), packet.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    return std::string{packet.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

} // namespace

Bridge::Bridge(Client& client, Fd page, PacketSocket policy)
    : client_{client}, page_{std::move(page)}, policy_{std::move(policy)}
{
    for (int const fd : {page_.get(), policy_.fd()})
        if (auto const done = set_nonblocking(fd, true); !done) broken_ = true;
}

std::optional<Resized> Bridge::first_size()
{
    pollfd waiting{page_.get(), POLLIN, 0};
    auto const limit = std::chrono::duration_cast<std::chrono::milliseconds>(first_frame_limit);
    if (::poll(&waiting, 1, static_cast<int>(limit.count())) <= 0) return std::nullopt;
    auto const packet = receive_packet(page_.get());
    if (!packet) return std::nullopt;
    auto const frame = read_page_frame(*packet);
    auto const* const size = frame ? std::get_if<Resized>(&*frame) : nullptr;
    return size ? std::optional{*size} : std::nullopt;
}

bool Bridge::send_pending()
{
    if (pending_.empty()) return true;
    auto const sent =
        ::send(page_.get(), pending_.data(), pending_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (sent < 0) page_left_ = true;
    pending_.clear();
    return true;
}

void Bridge::turn_policy()
{
    if (!policy_ || !pending_.empty()) return;
    auto const packet = policy_.receive();
    if (packet && *packet) {
        pending_ = to_frame(Said::notice, (*packet)->json);
        return;
    }
    // The worker's own connection says what follows from it; there is nothing left to hear here.
    if (packet || packet.error().code != Errc::unavailable) (void)policy_.take();
}

bool Bridge::turn_output()
{
    if (!send_pending()) return false;
    turn_policy();
    if (!pending_.empty()) return send_pending();
    if (unshown_ >= unshown_bytes_max) return false;
    auto const bytes = client_.read();
    if (!bytes) {
        log(LogLevel::info, bytes.error().what);
        broken_ = true;
        return false;
    }
    if (bytes->empty()) return false;
    unshown_ += bytes->size();
    pending_ = to_frame(Said::output, *bytes);
    (void)send_pending();
    return true;
}

void Bridge::take(std::string_view packet)
{
    auto const frame = read_page_frame(packet);
    if (!frame) {
        // Gone, or not our page: the session ends as it does when an ssh client vanishes.
        if (!packet.empty()) log(LogLevel::warning, "the page sent what no frame is");
        page_left_ = true;
        return;
    }
    if (auto const* const typed = std::get_if<Typed>(&*frame))
        typed_ = typed->bytes;
    else if (auto const* const size = std::get_if<Resized>(&*frame))
        client_.resize(*size);
    else
        unshown_ -= std::min<std::size_t>(unshown_, std::get<Shown>(*frame).bytes);
}

bool Bridge::turn_input()
{
    bool moved = false;
    if (typed_.empty()) {
        auto const packet = receive_packet(page_.get());
        if (!packet) return false;
        take(*packet);
        moved = true;
    }
    if (typed_.empty() || page_left_) return moved;
    auto const taken = client_.write(typed_);
    if (!taken) {
        log(LogLevel::info, taken.error().what);
        broken_ = true;
        return false;
    }
    typed_.erase(0, *taken);
    return moved || *taken > 0;
}

void Bridge::sleep()
{
    auto const session = static_cast<short>(client_.has_unsent() ? POLLIN | POLLOUT : POLLIN);
    // POLLHUP comes anyway: a page that leaves is seen although its bytes are not wanted now.
    auto const page =
        static_cast<short>((pending_.empty() ? 0 : POLLOUT) | (typed_.empty() ? POLLIN : 0));
    pollfd waiting[3] = {
        {client_.fd(), session, 0},
        {page_.get(), page, 0},
        {pending_.empty() ? policy_.fd() : -1, POLLIN, 0}};
    // A page that does not read stops the session's bytes, which must not keep us awake.
    if (!pending_.empty() || unshown_ >= unshown_bytes_max)
        waiting[0].events = static_cast<short>(session & ~POLLIN);
    (void)::poll(waiting, 3, static_cast<int>(sleep_max.count()));
    if ((waiting[1].revents & (POLLHUP | POLLERR)) != 0 && !(waiting[1].revents & POLLIN))
        page_left_ = true;
    if (client_.has_unsent()) client_.flush();
}

void Bridge::run()
{
    while (!page_left_ && !broken_) {
        bool moved = turn_output();
        moved = turn_input() || moved;
        if (moved) continue;
        if (pending_.empty() && client_.is_over()) return;
        sleep();
    }
}

void Bridge::say_end(std::string_view reason)
{
    auto const until = std::chrono::steady_clock::now() + farewell_limit;
    auto const wait_for = [&](int fd, short what) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now()
        );
        pollfd waiting{fd, what, 0};
        return left.count() > 0 && ::poll(&waiting, 1, static_cast<int>(left.count())) > 0;
    };
    auto const wait_for_page = [&] {
        while (!send_pending())
            if (!wait_for(page_.get(), POLLOUT)) return;
    };
    wait_for_page();
    // policyd knows why, and closes its end when the worker has left.
    while (policy_ && !page_left_ && wait_for(policy_.fd(), POLLIN)) {
        turn_policy();
        wait_for_page();
    }
    pending_ = to_frame(Said::end, "{\"reason\":\"" + std::string{reason} + "\"}");
    wait_for_page();
}

} // namespace ecluse::terminal
