#pragma once

#include <cstdint>
#include <string>

namespace ecluse {

/// "2 h 05" or "12 min": the time that is left, the same in French and English.
[[nodiscard]] std::string left_text(std::int64_t left_ms);

} // namespace ecluse
