#pragma once

#include "policies/store/database.h"
#include "policies/store/scope.h"

#include <boost/json/fwd.hpp>

namespace ecluse::store {

/// Of a row `s`: "browser" for the portal's own terminal, else NULL. A program of the vendor's
/// cannot present a ticket at the SSH door.
constexpr auto client_sql =
    "CASE WHEN s.protocol = 'ssh' AND s.factors LIKE '%+ticket' THEN 'browser' END AS client";

struct SessionFilter {
    std::optional<std::string> window, person, vendor;
    bool live = false;                               // not ended
    std::optional<std::string> after = std::nullopt; // a cursor
    std::optional<Scope> scope = std::nullopt;       // of a limited auditor
};
[[nodiscard]] Result<boost::json::object>
list_sessions(Database& database, SessionFilter const& filter);
/// Nothing when there is no such session.
[[nodiscard]] Result<std::optional<boost::json::object>>
show_session(Database& database, std::string const& id);

} // namespace ecluse::store
