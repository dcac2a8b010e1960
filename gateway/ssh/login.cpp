#include "gateway/ssh/login.h"

#include <algorithm>
#include <vector>

namespace ecluse::ssh {
namespace {

bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '@' || c == ':';
}

bool is_part(std::string_view part)
{
    return !part.empty() && part.size() <= login_part_bytes_max &&
           std::all_of(part.begin(), part.end(), is_plain);
}

} // namespace

std::optional<Login> split_login(std::string_view typed)
{
    if (typed.size() > login_bytes_max) return std::nullopt;
    std::vector<std::string_view> parts;
    for (;;) {
        auto const plus = typed.find('+');
        parts.push_back(typed.substr(0, plus));
        if (plus == std::string_view::npos) break;
        typed.remove_prefix(plus + 1);
    }
    if (parts.size() > 3 || !std::all_of(parts.begin(), parts.end(), is_part)) return std::nullopt;
    Login login{std::string{parts[0]}, {}, {}};
    if (parts.size() > 1) login.asset = parts[1];
    if (parts.size() > 2) login.account = parts[2];
    return login;
}

} // namespace ecluse::ssh
