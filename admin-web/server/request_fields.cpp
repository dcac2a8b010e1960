#include "admin-web/server/request_fields.h"

#include "common/json.h"

#include <algorithm>
#include <charconv>

namespace ecluse::web {
namespace {

enum class Type { text, list, flag, number };

/// What the row says about a field: "name", "name[]", "name:flag", "name:number", each with "?".
std::optional<Type> type_of(std::string_view fields, std::string_view name)
{
    while (!fields.empty()) {
        auto const end = std::min(fields.find(','), fields.size());
        auto field = fields.substr(0, end);
        fields.remove_prefix(std::min(end + 1, fields.size()));
        if (field.ends_with('?')) field.remove_suffix(1);
        if (!field.starts_with(name)) continue;
        auto const kind = field.substr(name.size());
        if (kind.empty()) return Type::text;
        if (kind == "[]") return Type::list;
        if (kind == ":flag") return Type::flag;
        if (kind == ":number") return Type::number;
    }
    return std::nullopt;
}

Result<json::value> to_value(Type type, std::string const& text)
{
    switch (type) {
    case Type::text:
    case Type::list:
        return json::value(text);
    case Type::flag:
        if (text == "true" || text == "false") return json::value(text == "true");
        return Error{Errc::malformed, "neither true nor false"};
    case Type::number: {
        std::int64_t number = 0;
        auto const* const last = text.data() + text.size();
        auto const [end, wrong] = std::from_chars(text.data(), last, number);
        if (wrong != std::errc{} || end != last) return Error{Errc::malformed, "not a number"};
        return json::value(number);
    }
    }
    return Error{Errc::malformed, "unknown type"};
}

Result<> add(json::object& fields, RouteRow const& route, std::string const& name, std::string const& text)
{
    auto const type = type_of(route.fields, name);
    if (!type) return Error{Errc::malformed, "unknown field " + name.substr(0, 64)};
    auto value = to_value(*type, text);
    if (!value) return value.error().within(name);
    auto* const held = fields.if_contains(name);
    if (*type == Type::list) {
        if (!held) fields[name] = json::array{};
        fields[name].as_array().push_back(std::move(*value));
        return {};
    }
    if (held) return Error{Errc::malformed, name + " is there twice"};
    fields[name] = std::move(*value);
    return {};
}

} // namespace

Result<json::object>
fields_of_query(RouteRow const& route, Pairs const& path_fields, Pairs const& query)
{
    json::object fields;
    for (auto const* const pairs : {&path_fields, &query})
        for (auto const& [name, text] : *pairs)
            ECLUSE_TRY(add(fields, route, name, text));
    return fields;
}

Result<json::object>
fields_of_body(RouteRow const& route, Pairs const& path_fields, std::string_view body)
{
    auto fields = ECLUSE_TRY(parse_object(body));
    // These names are the server's own on policyd's socket.
    for (auto const* const name : {"do", "id", "token", "passive"})
        if (fields.contains(name)) return Error{Errc::malformed, std::string{"unknown field "} + name};
    for (auto const& [name, text] : path_fields)
        ECLUSE_TRY(add(fields, route, name, text));
    return fields;
}

} // namespace ecluse::web
