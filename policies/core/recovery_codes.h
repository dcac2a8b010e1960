#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Codes for the day when the telephone is lost, each used once. Made from random_spelling(), kept
/// as a digest of the normal form.
namespace ecluse {

inline constexpr std::size_t recovery_codes_count = 10;
/// 26 characters to choose from: 12 of them are 56 bits, out of reach behind the throttle.
inline constexpr std::size_t recovery_code_characters = 12;

/// "3467-89BC-DFGH" from the random characters.
[[nodiscard]] std::string format_recovery_code(std::string_view spelling);
/// What to digest and compare, from what a person typed: lower case, spaces and dashes are
/// forgiven. Nothing when it cannot be such a code.
[[nodiscard]] std::optional<std::string> normalize_recovery_code(std::string_view typed);

} // namespace ecluse
