#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What a client may send with its channel requests.
namespace ecluse::ssh {

constexpr std::size_t env_count_max = 32;

struct TerminalBounds {
    int columns;
    int rows;
};
/// A client may claim 65535×65535; what we relay and record is a screen.
[[nodiscard]] TerminalBounds bounded_size(int columns, int rows);
[[nodiscard]] bool is_terminal_name(std::string_view name);
/// "TERM", "USR1", or a local one with "@".
[[nodiscard]] bool is_signal_name(std::string_view name);
[[nodiscard]] bool is_allowed_env(
    std::vector<std::string> const& allowed, std::string_view name, std::string_view value
);

} // namespace ecluse::ssh
