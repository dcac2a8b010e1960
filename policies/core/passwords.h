#pragma once

#include "common/time.h"
#include "policies/core/fault.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a password must be: CLAUSIER:O-5.1, CHM:5.2, CHM:5.3. Its history is judged by the caller,
/// who holds the digests.
namespace ecluse {

inline constexpr std::size_t password_characters_floor = 8;
/// Argon2id takes any length; the estimate of strength does not, and nobody types more.
inline constexpr std::size_t password_characters_max = 128;

struct PasswordPolicy {
    std::size_t characters_min = 12; // never below the floor, whatever is configured
    /// "Profil Clausier": an upper-case letter, a digit and a special character.
    bool classes = false;
};

/// Why this password is refused for this person, if it is. `own_words`: login, names, company and
/// hospital.
[[nodiscard]] std::optional<Fault> judge_password(
    std::string_view password,
    PasswordPolicy const& policy,
    std::vector<std::string> const& own_words
);

/// From when on a password chosen at `chosen` opens nothing but its own change; never with 0 days.
[[nodiscard]] std::optional<UtcTime> renew_by(UtcTime chosen, std::int64_t renew_days);
/// Its owner is told this long before: a holiday fits in between.
inline constexpr auto password_renew_warning = std::chrono::hours{24 * 21};

} // namespace ecluse
