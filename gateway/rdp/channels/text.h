#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Text as RDP carries it, to and from UTF-8.
namespace ecluse::rdp {

/// UTF-16LE → UTF-8. What is not UTF-16 stays visible: a lone surrogate becomes "\u{d83d}", a last
/// odd byte "\x41". Nothing is dropped, NUL included.
[[nodiscard]] std::string utf8_from_utf16(std::string_view bytes);
/// CF_TEXT (Windows-1252) and CF_OEMTEXT (code page 850), the code pages of French systems.
[[nodiscard]] std::string utf8_from_ansi(std::string_view bytes);
[[nodiscard]] std::string utf8_from_oem(std::string_view bytes);

/// ASCII only, for names that we write ourselves.
[[nodiscard]] std::string utf16_from_ascii(std::string_view text);

/// What stands before the first NUL of a UTF-16 text; all of it when there is none.
[[nodiscard]] std::string_view until_nul16(std::string_view bytes);

/// A path that leaves its folder or names a place of its own: "..", a drive, a root that is not
/// expected, an empty element, a NUL or another control character.
[[nodiscard]] bool is_plain_path(std::string_view utf8, bool rooted);

} // namespace ecluse::rdp
