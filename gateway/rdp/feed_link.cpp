#include "gateway/rdp/feed_link.h"

#include <poll.h>
#include <utility>

namespace ecluse::rdp {
namespace {

/// Between two looks at a full socket.
constexpr int look_ms = 10;
/// A desktop's first seconds: the encoder sets up the codecs that the target chose and draws
/// everything at once, which a busy machine does in more than the second that is allowed later.
constexpr std::chrono::seconds start_time{5};
constexpr std::chrono::seconds start_allowance{2};

void wait_for(int fd, short events)
{
    pollfd waiting{fd, events, 0};
    ::poll(&waiting, 1, look_ms);
}

} // namespace

Result<> FeedLink::judge(Deadline now) const
{
    return sink_.check(begun_ ? allowed(now) : Deadline{});
}

Deadline FeedLink::allowed(Deadline now) const
{
    return now < settled_ ? now - start_allowance : now;
}

FeedLink::FeedLink(Fd feed, std::chrono::milliseconds stall)
    : sink_{std::move(feed), stall, feed::payload_max}, fd_{sink_.fd()}
{
}

bool FeedLink::put(feed::Kind kind, std::string_view payload)
{
    {
        std::lock_guard const lock{mutex_};
        if (finished_) return false;
        sink_.put_whole(static_cast<char>(kind), 0, payload);
        if (sink_.drained()) return judge(std::chrono::steady_clock::now()).has_value();
    }
    for (;;) {
        wait_for(fd_, POLLOUT);
        std::lock_guard const lock{mutex_};
        if (finished_) return false;
        sink_.turn();
        if (!judge(std::chrono::steady_clock::now())) return false;
        if (sink_.drained()) return true;
    }
}

void FeedLink::turn()
{
    std::lock_guard const lock{mutex_};
    auto const now = std::chrono::steady_clock::now();
    auto const pause = std::chrono::duration_cast<std::chrono::milliseconds>(
        now - std::exchange(looked_, now).value_or(now)
    );
    if (pause > 2 * look_period) sink_.excuse(pause - look_period);
    sink_.turn();
}

Result<> FeedLink::check(Deadline now)
{
    std::lock_guard const lock{mutex_};
    auto state = sink_.check(allowed(now));
    if (state || state.error().code != Errc::timed_out) return state;
    sink_.turn();
    return sink_.check(allowed(now));
}

Deadline FeedLink::next_check() const
{
    std::lock_guard const lock{mutex_};
    return sink_.next_check();
}

Result<> FeedLink::await_beginning(std::chrono::milliseconds limit)
{
    auto const deadline = started_ + limit;
    for (;;) {
        auto const now = std::chrono::steady_clock::now();
        {
            std::lock_guard const lock{mutex_};
            sink_.turn();
            ECLUSE_TRY(judge(now));
            if (sink_.has_begun()) {
                sink_.excuse(std::chrono::ceil<std::chrono::milliseconds>(now - started_));
                begun_ = true;
                settled_ = now + start_time;
                return {};
            }
        }
        if (now >= deadline)
            return Error{Errc::timed_out, "recorder: the recording does not begin"};
        wait_for(fd_, POLLIN);
    }
}

void FeedLink::finish(std::string_view reason, std::chrono::milliseconds limit)
{
    std::lock_guard const lock{mutex_};
    finished_ = true;
    sink_.finish(reason, limit);
}

} // namespace ecluse::rdp
