#pragma once

#include "common/time.h"
#include "policies/core/retention.h"
#include "policies/store/database.h"
#include "policies/store/scope.h"

#include <boost/json/fwd.hpp>

/// Recordings and how long they stay: CLAUSIER:O-6.5.
namespace ecluse::store {

struct Purgeable {
    std::string session, header_sha256, seal_sha256;
    std::optional<UtcTime> announced; // its end
    KeptRecording facts;              // as the rules want it
};
inline constexpr std::int64_t past_term_max = 200;
/// Closed recordings past their term at `now`, oldest first: candidates, the rules decide. Those
/// whose end was announced at `announced_until` or before; without it, those whose end was not
/// announced. At most `past_term_max`.
[[nodiscard]] Result<std::vector<Purgeable>> recordings_past_term(
    Database& database,
    UtcTime now,
    std::chrono::days kept,
    std::optional<UtcTime> announced_until = std::nullopt
);
Result<> set_purge_announced(Database& database, std::string const& session, UtcTime at);
/// Every announcement not yet carried out. How many there were.
Result<std::int64_t> withdraw_announcements(Database& database);
/// The facts of one; nothing while it is open, failed or gone.
[[nodiscard]] Result<std::optional<Purgeable>>
find_kept(Database& database, std::string const& session);
/// Its content is gone, and with it what its sessions' events hold of it.
Result<> set_purged(Database& database, std::string const& session);

/// The readable halves of the journal's events before this instant go; number, time and type stay,
/// and the chain still verifies (docs/formats/journal.md). What is held, and everything since it
/// began, stays readable. At most `count_max` events at once.
struct OldEvents {
    std::int64_t events = 0, last_sequence = 0;
};
[[nodiscard]] Result<OldEvents>
count_journal_before(Database& database, UtcTime before, std::int64_t count_max);
Result<> erase_journal(Database& database, UtcTime before, std::int64_t last_sequence);

/// False when it is held already.
[[nodiscard]] Result<bool> place_hold(
    Database& database,
    std::string const& session,
    std::string const& reason,
    std::string const& by,
    std::int64_t at
);
/// False when it is not held.
[[nodiscard]] Result<bool> lift_hold(
    Database& database,
    std::string const& session,
    std::string const& reason,
    std::string const& by,
    std::int64_t at
);
/// Those in force first, then the lifted ones.
[[nodiscard]] Result<boost::json::object> list_holds(
    Database& database,
    std::optional<Scope> const& scope = std::nullopt,
    std::optional<std::string> const& after = std::nullopt
);

} // namespace ecluse::store
