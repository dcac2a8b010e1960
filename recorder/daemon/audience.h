#pragma once

#include "common/loop.h"
#include "recorder/daemon/viewer.h"
#include "recorder/format/frame.h"
#include "recorder/format/writer.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::recorder {

/// Those who watch one recording while it is made. They see durable frames only; none of them can
/// make the recording wait: what was before they came is read again from the disk, in the pool, and
/// what comes is copied into their bounded queues.
class Audience {
public:
    /// A control room, and a colleague; each one costs a copy of what comes.
    static constexpr std::size_t viewers_max = 8;
    /// How far back a start reaches: bounds the memory of a session (4 bytes each) and the time of
    /// a start. A quarter of an hour of somebody who types without a pause.
    static constexpr std::size_t segments_kept = 4096;

    Audience(Loop& loop, recording::RecordingWriter const& writer) : loop_{loop}, writer_{writer} {}

    /// A frame has arrived: what a later viewer must know first is kept of it.
    void note(FrameView const& frame);
    /// The frames of one more segment are on disk.
    void durable(std::string_view frames);
    /// `keep` lives as long as the start is under way.
    void admit(std::shared_ptr<Viewer> viewer, std::shared_ptr<void> keep);
    [[nodiscard]] bool full();
    void finish(std::string_view why);
    /// Calls `then` once nobody reads the recording any more: now, or when the starts under way
    /// have stopped, at their next segment.
    void quiet(std::function<void()> then);

private:
    void forget_closed();
    [[nodiscard]] std::vector<recording::SegmentPlace> recent() const;

    Loop& loop_;
    recording::RecordingWriter const& writer_;
    std::vector<std::shared_ptr<Viewer>> viewers_;
    std::deque<std::uint32_t> lengths_; // of the last segments on disk
    std::uint64_t segments_ = 0;
    std::uint64_t bytes_ = 0;
    std::optional<TerminalSize> size_;
    std::string beginning_; // of the video: ftyp and moov
    std::size_t starting_ = 0;
    std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
    std::function<void()> when_quiet_;
};

} // namespace ecluse::recorder
