#pragma once

#include "gateway/record_sink.h"
#include "recorder/format/feed.h"

#include <chrono>
#include <mutex>
#include <string_view>

namespace ecluse::rdp {

/// The feed to the encoder, for all threads of the worker: a picture and a key come on two of them.
/// INVARIANT: what `put` returned true for is in the encoder's socket, and only then may it go on
/// to the other side.
class FeedLink {
public:
    FeedLink(Fd feed, std::chrono::milliseconds stall);

    [[nodiscard]] int fd() const { return fd_; }
    /// Waits while the encoder does not read, at most as long as a frame may stay unacknowledged;
    /// false: the session must end.
    [[nodiscard]] bool put(feed::Kind kind, std::string_view payload);
    /// Writes what is pending, reads acknowledgements.
    void turn();
    /// Why the record can no longer be trusted to grow, if so.
    [[nodiscard]] Result<> check(Deadline now) const;
    [[nodiscard]] Deadline next_check() const;
    /// Until everything handed over so far is on disk: nothing is dialled before the recording has
    /// begun.
    [[nodiscard]] Result<> await_acknowledgement(std::chrono::milliseconds limit);
    /// The last frame; waits at most `limit` for the socket to take it. Later frames are refused.
    void finish(std::string_view reason, std::chrono::milliseconds limit);

private:
    mutable std::mutex mutex_;
    gateway::RecordSink sink_;
    int const fd_;
    bool finished_ = false;
};

} // namespace ecluse::rdp
