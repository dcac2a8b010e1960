#pragma once

#include "policies/store/database.h"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <vector>

/// Who of the hospital is present while a vendor works (accompagnateur).
namespace ecluse::store {

struct Presence {
    std::string person, name;
    std::int64_t arrived_at = 0;
};
/// Whether a window asks for an escort, and who is there now. This is where "an escort is present"
/// is answered, for every door and every screen.
struct EscortStanding {
    bool required = false;
    bool watching = false; // what the vendor types waits while none of them watches
    std::vector<Presence> present;
    [[nodiscard]] bool missing() const { return required && present.empty(); }
};
/// Counted are active people of the DSI and the one who was named for this window: a suspension or
/// another name takes effect at once.
[[nodiscard]] Result<EscortStanding>
escort_standing(Database& database, std::string const& window, std::int64_t now);

/// False when the person is there already.
[[nodiscard]] Result<bool> escort_arrives(
    Database& database, std::string const& window, std::string const& person, std::int64_t at
);
/// False when the person was not there.
[[nodiscard]] Result<bool> escort_leaves(
    Database& database, std::string const& window, std::string const& person, std::int64_t at
);
/// Everybody: the window is over.
Result<> escorts_leave(Database& database, std::string const& window, std::int64_t at);
/// Everybody who was there, first the first: {login, name, arrived, left}.
[[nodiscard]] Result<boost::json::array>
presences_of(Database& database, std::string const& window);

} // namespace ecluse::store
