#pragma once

#include "common/text.h"

#include <string_view>

namespace ecluse {

/// The sentence of a code: ("refusal", "E-FEN-01", "reason") is "refusal.e_fen_01.reason". A code
/// without its sentence is a bug, found by the tests that walk through all codes.
[[nodiscard]] TextKey
text_for_code(std::string_view family, std::string_view code, std::string_view part);

} // namespace ecluse
