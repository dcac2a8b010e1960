#pragma once

#include "policies/store/database.h"

#include <boost/json/fwd.hpp>

#include <string_view>
#include <vector>

namespace ecluse::store {

enum class As { text, number, instant, millis, flag, list, object };
struct Column {
    std::string_view name;
    As as = As::text;
};

/// One row as it is shown: instants as ISO texts, comma lists as arrays.
[[nodiscard]] boost::json::object shown(Row const& row, std::vector<Column> const& columns);
/// Rows of a statement that is bounded by its nature; what grows is read in pages (paging.h).
[[nodiscard]] Result<boost::json::array> shown_rows(
    Database& database,
    std::string const& sql,
    std::vector<SqlValue> const& parameters,
    std::vector<Column> const& columns
);

} // namespace ecluse::store
