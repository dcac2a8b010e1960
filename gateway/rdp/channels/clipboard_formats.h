#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Format lists of the clipboard channel ([MS-RDPECLIP] 2.2.3.1).
namespace ecluse::rdp {

enum class FormatKind { unicode_text, ansi_text, oem_text, files, other };

struct ClipboardFormat {
    std::uint32_t id;
    FormatKind kind;
    friend bool operator==(ClipboardFormat const&, ClipboardFormat const&) = default;
};

/// How names are written: by the capabilities of both sides, and a flag of each list.
enum class NameSpelling { long_unicode, short_unicode, short_ascii };

/// Nothing: malformed. Names serve to find out the kind and are then forgotten.
[[nodiscard]] std::optional<std::vector<ClipboardFormat>>
parse_formats(std::string_view body, NameSpelling spelling);

/// Only kinds other than `other`; a list may be empty.
[[nodiscard]] std::string
build_formats(std::vector<ClipboardFormat> const& formats, NameSpelling spelling);

} // namespace ecluse::rdp
