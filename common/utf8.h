#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// UTF-8, one character at a time, strictly: no overlong form, no surrogate, nothing beyond 10FFFF.
namespace ecluse {

struct Utf8 {
    char32_t point;
    std::size_t length; // bytes; 0: not valid here
};

/// The first character of `text`, which is not empty.
[[nodiscard]] Utf8 decode_utf8(std::string_view text);
/// What is not a character (a surrogate, beyond 10FFFF) becomes U+FFFD.
void append_utf8(std::string& text, char32_t point);

} // namespace ecluse
