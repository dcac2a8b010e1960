#pragma once

#include "common/text.h"
#include "recorder/format/reader.h"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

/// A recording as a page shows it: first what it is, whether it is intact and what happened, then
/// its content in pieces. Nothing is kept between two pieces.
namespace ecluse::recording {

/// A piece of a terminal ends with the segment that reaches this; a page asks for the next one.
constexpr std::size_t terminal_piece_bytes = 8 * 1024 * 1024;
/// More of a video at once than a page ever asks for: it plans with the places it was told.
constexpr std::size_t video_piece_max = 32 * 1024 * 1024;

/// The verdict of every check, before anything is decrypted.
struct Integrity {
    bool intact = false;
    boost::json::object shown; // "intact", "faults", "notes"
};
[[nodiscard]] Integrity
check_integrity(RecordingFiles const& files, std::string const& certificate, Language language);

/// "desktop", "started_ms", "length_ms", "timeline", "timeline_cut", "activity"; of a terminal
/// "columns", "rows" and "snapshots": where it can begin; of a desktop "video": where it can begin,
/// and what a player must know before.
[[nodiscard]] Result<boost::json::object>
describe_recording(Recording const& recording, ContentKey const& key);

/// "frames" [[microseconds, "o" | "r", text]…] from this segment on, and "next": the segment to ask
/// for afterwards, null at the end.
[[nodiscard]] Result<boost::json::object>
terminal_piece(Recording const& recording, ContentKey const& key, std::uint64_t first);

struct VideoSpan {
    std::uint64_t segment; // of the place that is the first picture
    std::uint64_t from_ms; // on the video's own clock
    std::uint64_t to_ms;   // excluded; 0: until the end
};
/// These pictures in fragments, each standing until the next: a player shows no hole where
/// nothing moved.
[[nodiscard]] Result<std::string>
video_piece(Recording const& recording, ContentKey const& key, VideoSpan const& span);

} // namespace ecluse::recording
