#pragma once

#include "recorder/format/content_key.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// One segment of record.bin: a DER CMS AuthEnvelopedData (AES-256-GCM) whose fresh key is wrapped
/// under K. Its content is one line naming session and index, then whole frames.
namespace ecluse::recording {

/// Frames per segment; a segment of one single frame may exceed it by that frame's head.
constexpr std::size_t segment_frames_max = 1024 * 1024;
/// What the largest segment takes on disk: frames, first line, CMS.
constexpr std::size_t segment_der_max = segment_frames_max + 4096;

[[nodiscard]] Result<std::string> seal_segment(
    ContentKey const& key, std::string_view session, std::uint64_t index, std::string_view frames
);
/// The frames, once key, tag, session and index are right.
[[nodiscard]] Result<std::string> open_segment(
    ContentKey const& key, std::string_view session, std::uint64_t index, std::string_view der
);

/// The text of a session as a whole (recorder/text/session_text.h), in the same envelope.
constexpr std::size_t text_bytes_max = 4UL * 1024 * 1024;
constexpr std::size_t text_der_max = text_bytes_max + 4096;
[[nodiscard]] Result<std::string>
seal_text(ContentKey const& key, std::string_view session, std::string_view text);
[[nodiscard]] Result<std::string>
open_text(ContentKey const& key, std::string_view session, std::string_view der);

} // namespace ecluse::recording
