#pragma once

#include "admin-web/server/route_match.h"

#include <boost/json/object.hpp>

/// What a browser sent, as the fields of the request that policyd is asked.
namespace ecluse::web {

/// The fields of a GET: path and query, each in the type of its row; a field that the row does not
/// have, or one that is there twice without being a list, is an error.
[[nodiscard]] Result<boost::json::object>
fields_of_query(RouteRow const& route, Pairs const& path_fields, Pairs const& query);
/// The fields of a POST: path and body. A body that names a field of the path is an error. policyd
/// judges the rest.
[[nodiscard]] Result<boost::json::object>
fields_of_body(RouteRow const& route, Pairs const& path_fields, std::string_view body);

} // namespace ecluse::web
