#include "admin-web/server/route_match.h"

#include "common/utf8.h"

#include <algorithm>

namespace ecluse::web {
namespace {

constexpr std::size_t pairs_max = 32;

std::optional<unsigned> hex_digit(char c)
{
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    return std::nullopt;
}

std::vector<std::string_view> segments_of(std::string_view path)
{
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        path.remove_prefix(1); // its "/"
        auto const end = std::min(path.find('/'), path.size());
        segments.push_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return segments;
}

bool is_utf8(std::string_view bytes)
{
    while (!bytes.empty()) {
        auto const next = decode_utf8(bytes);
        if (next.length == 0) return false;
        bytes.remove_prefix(next.length);
    }
    return true;
}

bool is_hole(std::string_view segment)
{
    return segment.size() > 2 && segment.front() == '{';
}

} // namespace

Result<std::string> percent_decoded(std::string_view text, bool plus_is_space)
{
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '+' && plus_is_space) c = ' ';
        if (text[i] == '%') {
            auto const high = i + 1 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
            auto const low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
            if (!high || !low) return Error{Errc::malformed, "a broken escape"};
            c = static_cast<char>(*high * 16 + *low);
            i += 2;
        }
        if (c == '\0') return Error{Errc::malformed, "a NUL"};
        bytes += c;
    }
    if (!is_utf8(bytes)) return Error{Errc::malformed, "not UTF-8"};
    return bytes;
}

Result<Pairs> read_query(std::string_view query)
{
    Pairs pairs;
    while (!query.empty()) {
        auto const end = std::min(query.find('&'), query.size());
        auto const pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        auto const equals = pair.find('=');
        if (equals == std::string_view::npos || equals == 0)
            return Error{Errc::malformed, "a field without name or value"};
        if (pairs.size() >= pairs_max) return Error{Errc::too_large, "too many fields"};
        pairs.emplace_back(
            ECLUSE_TRY(percent_decoded(pair.substr(0, equals), true)),
            ECLUSE_TRY(percent_decoded(pair.substr(equals + 1), true))
        );
    }
    return pairs;
}

Result<Target> split_target(std::string_view target)
{
    if (target.empty() || target.front() != '/')
        return Error{Errc::malformed, "the target is not a path"};
    for (char const c : target)
        if (c <= ' ' || c >= 0x7f || c == '#' || c == '\\')
            return Error{Errc::malformed, "the target has a character that belongs nowhere"};
    auto const end = std::min(target.find('?'), target.size());
    return Target{target.substr(0, end), target.substr(std::min(end + 1, target.size()))};
}

RouteTable::RouteTable(std::string_view door)
{
    for (auto const& route : all_routes())
        if (is_of_door(route, door)) entries_.push_back({&route, segments_of(route.path)});
}

Match RouteTable::find(std::string_view method, std::string_view path) const
{
    Match match;
    auto const segments = segments_of(path);
    for (auto const& entry : entries_) {
        if (entry.segments.size() != segments.size()) continue;
        Pairs fields;
        bool same = true;
        for (std::size_t i = 0; same && i < segments.size(); ++i) {
            if (!is_hole(entry.segments[i])) {
                same = entry.segments[i] == segments[i];
                continue;
            }
            auto value = percent_decoded(segments[i], false);
            same = value && !value->empty();
            auto const name = entry.segments[i].substr(1, entry.segments[i].size() - 2);
            if (same) fields.emplace_back(std::string{name}, std::move(*value));
        }
        if (!same) continue;
        match.methods.push_back(entry.route->method);
        // The first in the table wins: fixed paths stand before those with holes.
        if (entry.route->method != method || match.route) continue;
        match.route = entry.route;
        match.path_fields = std::move(fields);
    }
    return match;
}

} // namespace ecluse::web
