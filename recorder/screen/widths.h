#pragma once

#include <cstdint>

namespace ecluse::screen {

/// Columns of a printable character, in the Unicode version that xterm.js uses by default; 0:
/// combining.
[[nodiscard]] std::uint8_t width_of(char32_t character);

} // namespace ecluse::screen
