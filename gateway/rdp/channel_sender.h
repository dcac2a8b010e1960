#pragma once

#include "gateway/rdp/channels/channel_watch.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace ecluse::rdp {

/// Sends the chunks of one direction, in order, from a thread of its own: a peer who does not read
/// must not hold the thread that judges what he sends, or both sides would wait for each other.
class ChannelSender {
public:
    /// False: the connection is broken, which its own thread notices.
    using Send = std::function<bool(Chunk const&)>;

    ChannelSender() = default;
    ~ChannelSender();
    ChannelSender(ChannelSender const&) = delete;
    ChannelSender& operator=(ChannelSender const&) = delete;

    /// Chunks put before wait for this.
    void begin(Send send);
    /// After the chunk under way; what is left, and what comes later, is dropped.
    void end();
    /// Never waits.
    void put(Chunk chunk);
    /// Waits while too much is queued; false: the peer has not read for `limit`.
    [[nodiscard]] bool wait_for_room(std::chrono::milliseconds limit);

private:
    void serve();

    std::mutex sending_; // held while a chunk goes out
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Chunk> chunks_;
    std::size_t bytes_ = 0;
    Send send_;
    bool ended_ = false;
    bool stop_ = false;
    std::thread thread_;
};

} // namespace ecluse::rdp
