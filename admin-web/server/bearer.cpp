#include "admin-web/server/bearer.h"

#include <algorithm>

namespace ecluse::web {
namespace {

constexpr std::string_view scheme = "bearer ";
constexpr std::string_view prefix = "ecluse_";
constexpr std::size_t digits = 64;

bool begins_with_scheme(std::string_view header)
{
    return header.size() >= scheme.size() &&
           std::equal(scheme.begin(), scheme.end(), header.begin(), [](char ours, char theirs) {
               return ours == (theirs >= 'A' && theirs <= 'Z' ? theirs - 'A' + 'a' : theirs);
           });
}

bool is_token(std::string_view value)
{
    if (value.size() != prefix.size() + digits || !value.starts_with(prefix)) return false;
    value.remove_prefix(prefix.size());
    return std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

} // namespace

std::optional<std::string> bearer_token(std::string_view header)
{
    if (!begins_with_scheme(header)) return std::nullopt;
    auto const value = header.substr(scheme.size());
    return is_token(value) ? std::string{value} : std::string{};
}

} // namespace ecluse::web
