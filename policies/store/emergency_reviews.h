#pragma once

#include "policies/store/database.h"
#include "policies/store/scope.h"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <vector>

/// What the RSSI says of an emergency once it is over.
namespace ecluse::store {

struct EmergencyReview {
    std::string window, happened, verdict; // justified | unjustified
    std::optional<std::string> comment;
    std::string reviewed_by, factors;
    std::int64_t reviewed_at = 0;
};
/// False when it was reviewed meanwhile.
[[nodiscard]] Result<bool>
insert_emergency_review(Database& database, EmergencyReview const& review);
[[nodiscard]] Result<bool> is_reviewed(Database& database, std::string const& window);
/// The vendor's emergencies that are over and that nobody reviewed, the oldest first.
[[nodiscard]] Result<std::vector<std::string>>
unreviewed_emergencies(Database& database, std::string const& vendor, std::int64_t now);
/// Granted emergencies that still want the RSSI: running, to come or to be reviewed.
[[nodiscard]] Result<std::vector<std::string>> open_emergencies(Database& database);
struct EmergencyFilter {
    bool due = false;                                // those only whose review is
    std::optional<Scope> scope;                      // of a limited auditor
    std::optional<std::string> after = std::nullopt; // a cursor
};
/// Every emergency that was granted, the newest first; `due` says that a review is due.
[[nodiscard]] Result<boost::json::object>
list_emergencies(Database& database, EmergencyFilter const& filter, std::int64_t now);

} // namespace ecluse::store
