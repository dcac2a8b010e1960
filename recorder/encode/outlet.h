#pragma once

#include "common/fd.h"
#include "common/result.h"
#include "recorder/format/frame.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace ecluse::encode {

using Moment = std::chrono::steady_clock::time_point;

/// The intake of the recorder: frames out, never dropped, and numbers of frames on disk back.
class Outlet {
public:
    /// A full picture of the largest desktop fits; above it the feed is not read, so that the
    /// worker feels the disk.
    static constexpr std::size_t waiting_bytes_max = 8UL * 1024 * 1024;

    explicit Outlet(Fd intake) : intake_{std::move(intake)} {}

    [[nodiscard]] int fd() const { return intake_.get(); }
    /// The number of this frame, from 1.
    std::uint64_t add(FrameKind kind, std::uint64_t mono_us, std::string_view payload);
    /// Writes what the socket takes now; only from here on can the recorder be waited for. An error
    /// is final.
    Result<> flush();
    /// Reads the recorder's numbers; nullopt inside when it closed.
    struct Answer {
        std::uint64_t on_disk;
        bool closed;
    };
    [[nodiscard]] Result<Answer> read();
    [[nodiscard]] bool has_bytes() const { return sent_ < waiting_.size(); }
    [[nodiscard]] bool is_full() const { return waiting_.size() - sent_ > waiting_bytes_max; }
    [[nodiscard]] std::uint64_t written() const { return written_; }
    [[nodiscard]] std::uint64_t on_disk() const { return on_disk_; }
    [[nodiscard]] bool is_waiting() const { return !marks_.empty(); }
    /// For how long a frame that was offered to the recorder is not on disk.
    [[nodiscard]] std::chrono::milliseconds oldest_wait(Moment now) const;
    /// For this long nobody ran here, so nobody could see what is on disk: it does not count.
    void excuse(std::chrono::milliseconds time);

private:
    /// Frames from this one on were offered at that time.
    struct Mark {
        std::uint64_t frame;
        Moment since;
    };
    void mark_offered();
    Fd intake_;
    std::string waiting_;
    std::size_t sent_ = 0;
    std::string numbers_;
    std::uint64_t written_ = 0;
    std::uint64_t offered_ = 0;
    std::uint64_t on_disk_ = 0;
    /// One per frame that waits is too many for a typist's second: one per moment.
    std::deque<Mark> marks_;
};

} // namespace ecluse::encode
