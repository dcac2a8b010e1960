#include "admin-web/routes/routes.h"

namespace ecluse {

// Generated (cmake/generate_routes.cmake).
extern RouteRow const route_rows[];
extern std::size_t const route_count;
extern char const openapi_text[];

std::span<RouteRow const> all_routes()
{
    return {route_rows, route_count};
}

bool is_of_door(RouteRow const& route, std::string_view door)
{
    switch (route.door) {
    case RouteDoor::both:
        return door == "portal" || door == "console";
    case RouteDoor::portal:
        return door == "portal";
    case RouteDoor::console:
        return door == "console";
    }
    return false;
}

std::string_view openapi()
{
    return openapi_text;
}

} // namespace ecluse
