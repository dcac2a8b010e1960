#pragma once

#include "policies/store/database.h"

#include <boost/json/array.hpp>

#include <cstdint>
#include <optional>
#include <string>

/// What readers of a recording noted at its moments, for each other.
namespace ecluse::store {

/// Of one recording; more is no help to a reader.
constexpr std::int64_t bookmarks_max = 300;

struct Bookmark {
    std::string id, session;
    std::int64_t at_ms = 0;
    std::string note, person;
    std::int64_t made_at = 0;
};

/// False when the recording has as many as it may.
[[nodiscard]] Result<bool> add_bookmark(Database& database, Bookmark const& bookmark);
[[nodiscard]] Result<std::optional<Bookmark>>
find_bookmark(Database& database, std::string const& id);
/// False when it is gone already.
[[nodiscard]] Result<bool> remove_bookmark(Database& database, std::string const& id);
/// In order of time: [{"bookmark","at_ms","note","person","name","made"}].
[[nodiscard]] Result<boost::json::array>
list_bookmarks(Database& database, std::string const& session);

} // namespace ecluse::store
