#pragma once

#include "gateway/ssh/handle.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ecluse::ssh {

/// One stream of bytes from a channel of one leg to a channel of the other. libssh may run
/// callbacks inside almost any call, so a Flow is driven from two places, its source's data
/// callback and the pump, and never re-enters itself. Memory is bounded by the source's receive
/// window.
class Flow {
public:
    /// Sees bytes before they are delivered (records, watches, counts) and returns what to deliver:
    /// `bytes` itself, or other bytes that stay where they are until the next call.
    using Tap = std::function<std::string_view(std::string_view bytes)>;
    /// False while nothing may be delivered or taken (the recorder has not taken everything).
    using Gate = std::function<bool()>;

    Flow(Tap tap, Gate gate) : tap_{std::move(tap)}, gate_{std::move(gate)} {}
    Flow(Flow const&) = delete;
    Flow& operator=(Flow const&) = delete;

    void from(ssh_channel source, bool source_stderr);
    void to(ssh_channel destination, bool destination_stderr);

    /// The source's data callback: how many of the bytes were taken.
    [[nodiscard]] std::size_t on_data(std::string_view bytes);
    /// True when something moved.
    bool pump();
    /// Bytes of our own for the destination, after what is queued.
    void insert(std::string_view bytes) { (busy_ ? late_ : queue_).append(bytes); }
    /// Takes nothing more from the source; what is queued may still leave.
    void stop() { stopped_ = true; }
    /// Nothing left to deliver.
    [[nodiscard]] bool drained() const
    {
        return queue_.size() == written_ && (held_ == 0 || stopped_);
    }
    /// Something to deliver, and the way is free: do not sleep.
    [[nodiscard]] bool wants_turn() const { return !drained() && can_write() && !refused_; }
    /// The destination refused bytes though its window is open: a key exchange is under way.
    [[nodiscard]] bool is_refused() const { return refused_ && !drained(); }
    /// The source ignored its window, or the destination failed: the session must end.
    [[nodiscard]] bool is_broken() const { return broken_; }
    /// Bytes delivered or dropped by the tap so far, as the source sent them.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    /// No more from or to libssh: the channels are about to be freed.
    void detach();

private:
    [[nodiscard]] bool can_write() const;
    std::size_t deliver(std::string_view bytes);
    void write_queue();
    [[nodiscard]] std::size_t room() const;
    void take(std::string_view bytes, bool gather);
    void settle();

    Tap tap_;
    Gate gate_;
    ssh_channel source_ = nullptr;
    ssh_channel destination_ = nullptr;
    bool source_stderr_ = false;
    bool destination_stderr_ = false;
    bool busy_ = false;
    bool refused_ = false;
    bool broken_ = false;
    bool stopped_ = false;
    /// Seen by the tap, not delivered yet; `written_` of it are.
    std::string queue_;
    std::size_t written_ = 0;
    /// Inserted while the queue was in use: libssh was calling back from inside a write.
    std::string late_;
    /// Bytes that libssh still holds for us.
    std::size_t held_ = 0;
    std::uint64_t bytes_ = 0;
    std::string scratch_;
};

} // namespace ecluse::ssh
