#pragma once

#include "gateway/record_sink.h"
#include "recorder/format/feed.h"

#include <chrono>
#include <mutex>
#include <optional>
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
    /// Writes what is pending, reads acknowledgements. Called at least every `look_period` while
    /// the record is judged: a longer pause is this machine's, not the encoder's, and is forgiven.
    void turn();
    /// Why the record can no longer be trusted to grow, if so; acknowledgements that have arrived
    /// count, whoever was late.
    [[nodiscard]] Result<> check(Deadline now);
    [[nodiscard]] Deadline next_check() const;
    /// Until the first frame is on disk. Before, no frame is late: a process that starts may take
    /// longer than one that runs.
    [[nodiscard]] Result<> await_beginning(std::chrono::milliseconds limit);
    /// The last frame; waits at most `limit` for the socket to take it. Later frames are refused.
    void finish(std::string_view reason, std::chrono::milliseconds limit);

    static constexpr std::chrono::milliseconds look_period{200};

private:
    [[nodiscard]] Result<> judge(Deadline now) const;
    [[nodiscard]] Deadline allowed(Deadline now) const;

    mutable std::mutex mutex_;
    gateway::RecordSink sink_;
    int const fd_;
    Deadline const started_ = std::chrono::steady_clock::now();
    bool begun_ = false;
    Deadline settled_{};
    bool finished_ = false;
    std::optional<Deadline> looked_;
};

} // namespace ecluse::rdp
