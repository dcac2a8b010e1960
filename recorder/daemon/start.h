#pragma once

#include "recorder/format/frame.h"
#include "recorder/format/writer.h"

#include <atomic>
#include <optional>
#include <string>
#include <vector>

namespace ecluse::recorder {

/// What somebody who comes late is shown first.
struct StartRequest {
    std::vector<recording::SegmentPlace> places; // the last ones, in order
    bool whole = true;                           // they begin with the session
    std::optional<TerminalSize> size;            // of the terminal, when its frame is too far back
    std::string beginning;                       // of the video
};

/// Bytes of segments read again at most: what a terminal said last, or more than lies between two
/// key pictures of a desktop.
constexpr std::size_t start_read_max = 24UL * 1024 * 1024;
/// Of what was read, what is sent at most.
constexpr std::size_t start_sent_max = 6UL * 1024 * 1024;

/// Frames to begin with: an event {"type":"view","whole"}, then of a terminal all it said, or its
/// end; of a video its beginning and what follows the last key picture. Without one in reach the
/// video begins with the next. Blocks.
[[nodiscard]] Result<std::string> start_of_view(
    recording::RecordingWriter const& writer,
    StartRequest const& request,
    std::atomic<bool> const& stop
);

} // namespace ecluse::recorder
