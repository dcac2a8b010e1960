#include "gateway/record_sink.h"

#include "common/json.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace ecluse::gateway {
namespace {

/// Callers stop taking bytes while anything is pending, so only what is already in hand comes on
/// top: more than this, or than two of the largest frames, is a bug, and ends the session.
constexpr std::size_t pending_max = 16 * 1024 * 1024;
/// Acknowledgements are timed in batches this long, so that the list stays short.
constexpr std::chrono::milliseconds batch_length{20};

std::uint64_t mono_us()
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

} // namespace

RecordSink::RecordSink(Fd intake, std::chrono::milliseconds stall, std::size_t payload_max)
    : intake_{std::move(intake)}, stall_{stall}, payload_max_{payload_max}
{
    if (!set_nonblocking(intake_.get(), true)) fail("cannot be made non-blocking");
}

void RecordSink::fail(std::string_view why)
{
    if (failure_.empty()) failure_ = why;
}

void RecordSink::put(FrameKind kind, std::uint16_t channel, std::string_view payload)
{
    do {
        auto const part = payload.substr(0, payload_max_);
        put_whole(static_cast<char>(kind), channel, part);
        payload.remove_prefix(part.size());
    } while (!payload.empty());
}

void RecordSink::put_whole(char kind, std::uint16_t channel, std::string_view payload)
{
    if (finished_ || !failure_.empty()) return;
    if (payload.size() > payload_max_) return fail("a frame is too large");
    ++sent_;
    auto const now = std::chrono::steady_clock::now();
    if (unacked_.empty() || now - unacked_.back().since > batch_length)
        unacked_.push_back({sent_, now});
    else
        unacked_.back().count = sent_;

    std::string head;
    append_frame(head, static_cast<FrameKind>(kind), channel, mono_us(), {});
    // append_frame wrote the length of an empty payload: correct it, so that a large payload need
    // not be copied.
    auto const length = static_cast<std::uint32_t>(frame_head_bytes - 4 + payload.size());
    for (std::size_t i = 0; i < 4; ++i)
        head[i] = static_cast<char>((length >> (24 - 8 * i)) & 0xff);

    std::size_t taken = 0;
    if (pending_.empty()) {
        std::array<iovec, 2> parts{
            iovec{head.data(), head.size()},
            iovec{const_cast<char*>(payload.data()), payload.size()}};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        auto const sent = ::sendmsg(intake_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return fail(std::strerror(errno));
        if (sent > 0) taken = static_cast<std::size_t>(sent);
    }
    if (taken < head.size()) pending_.append(head, taken);
    auto const from_payload = taken > head.size() ? taken - head.size() : 0;
    if (from_payload < payload.size()) pending_.append(payload.substr(from_payload));
    if (pending_.size() > std::max(pending_max, 2 * (payload_max_ + frame_head_bytes)))
        fail("too much waits to be recorded");
}

void RecordSink::write_pending()
{
    while (!pending_.empty()) {
        auto const sent = ::send(
            intake_.get(),
            pending_.data() + written_,
            pending_.size() - written_,
            MSG_NOSIGNAL | MSG_DONTWAIT
        );
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) fail(std::strerror(errno));
            return;
        }
        written_ += static_cast<std::size_t>(sent);
        if (written_ < pending_.size()) continue;
        pending_.clear();
        written_ = 0;
    }
}

void RecordSink::read_acks()
{
    std::array<char, 512> buffer;
    for (;;) {
        auto const got = ::recv(intake_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) fail(std::strerror(errno));
            break;
        }
        if (got == 0) {
            fail("the recorder closed");
            break;
        }
        ack_bytes_.append(buffer.data(), static_cast<std::size_t>(got));
        while (ack_bytes_.size() >= 8) {
            std::uint64_t count = 0;
            for (std::size_t i = 0; i < 8; ++i)
                count = count << 8 | static_cast<unsigned char>(ack_bytes_[i]);
            ack_bytes_.erase(0, 8);
            if (count < acked_ || count > sent_) return fail("impossible acknowledgement");
            acked_ = count;
        }
    }
    while (!unacked_.empty() && unacked_.front().count <= acked_)
        unacked_.pop_front();
}

void RecordSink::turn()
{
    if (!failure_.empty()) return;
    write_pending();
    read_acks();
}

Result<> RecordSink::check(Deadline now) const
{
    if (!failure_.empty()) return Error{Errc::io, "recorder: " + failure_};
    if (!unacked_.empty() && now - unacked_.front().since > stall_)
        return Error{Errc::timed_out, "recorder: a frame is not on disk in time"};
    return {};
}

void RecordSink::excuse(std::chrono::milliseconds time)
{
    auto const now = std::chrono::steady_clock::now();
    for (auto& batch : unacked_)
        batch.since = std::min(now, batch.since + time);
}

Deadline RecordSink::next_check() const
{
    return unacked_.empty() ? Deadline::max() : unacked_.front().since + stall_ + batch_length;
}

void RecordSink::finish(std::string_view reason, std::chrono::milliseconds limit)
{
    put(FrameKind::end, 0, json::serialize(json::object{{"reason", reason}}));
    finished_ = true;
    auto const deadline = std::chrono::steady_clock::now() + limit;
    while (failure_.empty() && !pending_.empty()) {
        write_pending();
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        if (pending_.empty() || left.count() <= 0) break;
        pollfd waiting{intake_.get(), POLLOUT, 0};
        ::poll(&waiting, 1, static_cast<int>(left.count()));
    }
}

} // namespace ecluse::gateway
