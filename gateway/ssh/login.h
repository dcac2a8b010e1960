#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ecluse::ssh {

/// What a vendor types before the "@": "login", "login+asset" or "login+asset+account".
struct Login {
    std::string login;
    std::string asset;   // empty: the menu
    std::string account; // empty: the only one allowed
};

/// Longer than any sensible triple; a client may send megabytes.
constexpr std::size_t login_bytes_max = 200;
constexpr std::size_t login_part_bytes_max = 64;

/// nullopt: not a login (refused like any unknown one).
[[nodiscard]] std::optional<Login> split_login(std::string_view typed);

} // namespace ecluse::ssh
