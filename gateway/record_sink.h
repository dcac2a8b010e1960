#pragma once

#include "common/fd.h"
#include "common/result.h"
#include "common/time.h"
#include "recorder/format/frame.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace ecluse::gateway {

/// Where a worker's frames go: the recorder's intake, or an encoder's feed, which answers alike.
/// Frames out, acknowledgements in. Never waits; what the socket does not take yet is kept, and
/// nothing may be delivered to anybody meanwhile (`drained`).
/// INVARIANT: bytes reach the other side only after their frame was handed over.
class RecordSink {
public:
    /// `payload_max` is the largest frame that the reader takes.
    RecordSink(
        Fd intake, std::chrono::milliseconds stall, std::size_t payload_max = frame_payload_max
    );

    [[nodiscard]] int fd() const { return intake_.get(); }
    /// Payloads beyond a frame's maximum are split.
    void put(FrameKind kind, std::uint16_t channel, std::string_view payload);
    /// One frame of any kind (recorder/format/feed.h); more than the maximum is a failure.
    void put_whole(char kind, std::uint16_t channel, std::string_view payload);
    [[nodiscard]] bool drained() const { return pending_.empty(); }
    /// Something of it is on disk.
    [[nodiscard]] bool has_begun() const { return acked_ > 0; }
    /// Writes what is pending, reads acknowledgements.
    void turn();
    /// Why the record can no longer be trusted to grow, if so: a failed socket, or a frame that was
    /// not on disk in time.
    [[nodiscard]] Result<> check(Deadline now) const;
    /// For this long nobody ran here, so nobody could see what is on disk: it does not count.
    void excuse(std::chrono::milliseconds time);
    /// When `check` must be called again at the latest.
    [[nodiscard]] Deadline next_check() const;
    /// The last frame; waits at most `limit` for the socket to take it.
    void finish(std::string_view reason, std::chrono::milliseconds limit);

private:
    /// Frames handed over up to `count`, the first of them at `since`.
    struct Batch {
        std::uint64_t count;
        Deadline since;
    };
    void write_pending();
    void read_acks();
    void fail(std::string_view why);

    Fd intake_;
    std::chrono::milliseconds stall_;
    std::size_t payload_max_;
    std::string pending_;
    std::size_t written_ = 0; // of pending_
    std::uint64_t sent_ = 0;
    std::uint64_t acked_ = 0;
    std::deque<Batch> unacked_;
    std::string ack_bytes_;
    std::string failure_;
    bool finished_ = false;
};

} // namespace ecluse::gateway
