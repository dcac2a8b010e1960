#include "gateway/ssh/request_checks.h"

#include <algorithm>

namespace ecluse::ssh {
namespace {

constexpr int columns_max = 1000;
constexpr int rows_max = 500;
constexpr std::size_t term_bytes_max = 64;
constexpr std::size_t env_value_bytes_max = 1024;

bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

} // namespace

TerminalBounds bounded_size(int columns, int rows)
{
    // Zero means "unknown" to many clients.
    return {
        columns == 0 ? 80 : std::clamp(columns, 1, columns_max),
        rows == 0 ? 24 : std::clamp(rows, 1, rows_max)};
}

bool is_terminal_name(std::string_view name)
{
    return name.size() <= term_bytes_max && std::all_of(name.begin(), name.end(), [](char c) {
               return is_word(c) || c == '-' || c == '_' || c == '.' || c == '+' || c == '@' ||
                      c == ':';
           });
}

bool is_signal_name(std::string_view name)
{
    return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
        return is_word(c) || c == '-' || c == '.' || c == '@';
    });
}

bool is_allowed_env(
    std::vector<std::string> const& allowed, std::string_view name, std::string_view value
)
{
    return value.size() <= env_value_bytes_max &&
           std::find(allowed.begin(), allowed.end(), name) != allowed.end() &&
           std::all_of(value.begin(), value.end(), [](char c) {
               return static_cast<unsigned char>(c) >= 0x20 && c != '\x7f';
           });
}

} // namespace ecluse::ssh
