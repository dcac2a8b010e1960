#pragma once

#include <cstddef>
#include <span>
#include <string_view>

/// admin-web/routes.tsv as a table: what browsers may ask, and what policyd is asked for it.
namespace ecluse {

enum class RouteDoor { portal, console, both };

struct RouteRow {
    RouteDoor door;
    std::string_view method, path, request, fields, answer; // as in routes.tsv; no fields: ""
};

[[nodiscard]] std::span<RouteRow const> all_routes();
/// "portal" or "console".
[[nodiscard]] bool is_of_door(RouteRow const& route, std::string_view door);
/// The OpenAPI 3.1 description of all of them.
[[nodiscard]] std::string_view openapi();

} // namespace ecluse
