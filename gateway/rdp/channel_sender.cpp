#include "gateway/rdp/channel_sender.h"

#include <utility>

namespace ecluse::rdp {
namespace {

/// Two whole messages of the largest kind may wait.
constexpr std::size_t queued_bytes_max = 32U << 20;

} // namespace

ChannelSender::~ChannelSender()
{
    {
        std::lock_guard const lock{mutex_};
        stop_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void ChannelSender::begin(Send send)
{
    {
        std::lock_guard const lock{mutex_};
        if (ended_ || thread_.joinable()) return;
        send_ = std::move(send);
        thread_ = std::thread{[this] { serve(); }};
    }
    changed_.notify_all();
}

void ChannelSender::end()
{
    {
        std::lock_guard const lock{mutex_};
        ended_ = true;
        chunks_.clear();
        bytes_ = 0;
    }
    changed_.notify_all();
    std::lock_guard const sending{sending_};
}

void ChannelSender::put(Chunk chunk)
{
    {
        std::lock_guard const lock{mutex_};
        if (ended_) return;
        bytes_ += chunk.bytes.size();
        chunks_.push_back(std::move(chunk));
    }
    changed_.notify_all();
}

bool ChannelSender::wait_for_room(std::chrono::milliseconds limit)
{
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] { return ended_ || bytes_ <= queued_bytes_max; });
}

void ChannelSender::serve()
{
    std::unique_lock lock{mutex_};
    for (;;) {
        changed_.wait(lock, [&] { return stop_ || !chunks_.empty(); });
        if (stop_) return;
        auto const chunk = std::move(chunks_.front());
        chunks_.pop_front();
        bytes_ -= chunk.bytes.size();
        // Taken before the other is let go: end() may not return in between.
        {
            std::lock_guard const sending{sending_};
            lock.unlock();
            if (!send_(chunk)) {
                lock.lock();
                ended_ = true;
                chunks_.clear();
                bytes_ = 0;
                lock.unlock();
            }
        }
        changed_.notify_all();
        lock.lock();
    }
}

} // namespace ecluse::rdp
