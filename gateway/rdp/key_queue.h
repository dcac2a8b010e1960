#pragma once

#include "gateway/rdp/keyboard/key.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace ecluse::rdp {

/// Keys for the gateway's own screens, from the vendor's thread to the one that draws.
class KeyQueue {
public:
    void put(TypedKey key)
    {
        {
            std::lock_guard const lock{mutex_};
            if (keys_.size() >= keys_max) return;
            keys_.push_back(std::move(key));
        }
        changed_.notify_all();
    }
    /// The next one; nothing when none comes in time.
    std::optional<TypedKey> take(std::chrono::milliseconds limit)
    {
        std::unique_lock lock{mutex_};
        if (!changed_.wait_for(lock, limit, [&] { return !keys_.empty(); })) return {};
        auto key = std::move(keys_.front());
        keys_.pop_front();
        return key;
    }

private:
    /// A person types ahead a few; a flood is dropped.
    static constexpr std::size_t keys_max = 256;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<TypedKey> keys_;
};

} // namespace ecluse::rdp
