#pragma once

#include "policies/store/database.h"

#include <boost/json/fwd.hpp>

namespace ecluse::store {

struct Charter {
    std::int64_t version = 0, published_at = 0;
    std::string title, body, sha256, published_by;
};
/// Without a version: the one in force.
[[nodiscard]] Result<std::optional<Charter>>
find_charter(Database& database, std::optional<std::int64_t> version);
Result<> insert_charter(Database& database, Charter const& charter);
/// How many rows: none when this person had accepted it.
Result<std::int64_t> accept_charter(
    Database& database,
    Charter const& charter,
    std::string const& person,
    std::int64_t at,
    std::string const& address
);
/// When this person accepted this version; nothing: not yet.
[[nodiscard]] Result<std::optional<std::int64_t>>
charter_accepted_at(Database& database, std::string const& person, std::int64_t version);
/// Those of every version, the newest first.
[[nodiscard]] Result<boost::json::object>
list_acceptances(Database& database, std::optional<std::string> const& after);

} // namespace ecluse::store
