#include "admin-web/server/cookie.h"

#include "common/bytes.h"

#include <algorithm>

namespace ecluse::web {
namespace {

constexpr std::size_t token_digits = 64;
constexpr std::string_view attributes = "; Path=/; Secure; HttpOnly; SameSite=Strict";

bool is_token(std::string_view value)
{
    return value.size() == token_digits && std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

std::string_view trimmed(std::string_view text)
{
    auto const first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace

std::string session_token(std::string_view header)
{
    std::string found;
    bool seen = false;
    while (!header.empty()) {
        auto const end = std::min(header.find(';'), header.size());
        auto const pair = trimmed(header.substr(0, end));
        header.remove_prefix(std::min(end + 1, header.size()));
        auto const equals = pair.find('=');
        if (equals == std::string_view::npos || pair.substr(0, equals) != cookie_name) continue;
        if (seen) return {};
        seen = true;
        auto const value = pair.substr(equals + 1);
        if (is_token(value)) found = value;
    }
    return found;
}

std::string set_session(std::string_view token)
{
    return std::string{cookie_name} + "=" + std::string{token} + std::string{attributes};
}

std::string clear_session()
{
    return std::string{cookie_name} + "=" + std::string{attributes} + "; Max-Age=0";
}

std::string csrf_of(std::string_view token)
{
    return to_hex(sha256("csrf:" + std::string{token}));
}

} // namespace ecluse::web
