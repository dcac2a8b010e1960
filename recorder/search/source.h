#pragma once

#include "recorder/format/reader.h"

#include <string>

namespace ecluse::recording {

/// The text of one recording, and where it came from.
struct FoundText {
    std::string text; // of recorder/text/session_text.h
    /// The recording had none beside it (an old one, an interrupted one): read from itself.
    bool derived = false;
};
/// Checks that the header is the one the seal names and that the text is the one that was sealed;
/// the whole of the evidence is checked when the recording is opened.
[[nodiscard]] Result<FoundText> find_text(Recording const& recording, ContentKey const& key);

} // namespace ecluse::recording
