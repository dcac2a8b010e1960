#pragma once

#include "policies/store/database.h"
#include "policies/store/scope.h"

#include <boost/json/fwd.hpp>

namespace ecluse::store {

struct WindowTarget {
    std::string asset, account;
};
struct Window {
    std::string id, vendor, state, open_mode, nature, reason, details, requested_by;
    std::int64_t opens_at = 0, closes_at = 0, requested_at = 0;
    bool emergency = false, escort_required = false, escort_watch = false;
    std::optional<std::string> ticket, escort, decided_by;
    std::vector<std::string> people, functions;
    std::vector<WindowTarget> targets;
};
[[nodiscard]] Result<std::optional<Window>> find_window(Database& database, std::string const& id);
Result<> insert_window(Database& database, Window const& window);

struct WindowDecision {
    std::string id, state, by, reason;
    std::int64_t at = 0;
    std::optional<std::string> override_reason, report_lifted_reason = {};
};
/// Approved or refused, with who and when; times, mode and functions as decided.
Result<> decide_window(Database& database, Window const& window, WindowDecision const& decision);
Result<>
open_window(Database& database, std::string const& id, std::string const& by, std::int64_t at);
Result<> cancel_window(
    Database& database,
    std::string const& id,
    std::string const& by,
    std::int64_t at,
    std::string const& reason
);
struct Extension {
    std::string window, reason, by;
    std::int64_t from = 0, to = 0, at = 0;
};
Result<> extend_window(Database& database, Extension const& extension);
/// The next approved or open window that this person accompanies, with its opening.
struct Escorted {
    std::string window;
    std::int64_t opens_at = 0;
};
[[nodiscard]] Result<std::optional<Escorted>>
next_escorted(Database& database, std::string const& person, std::int64_t now);
Result<> set_escort(Database& database, std::string const& id, std::string const& person);

struct WindowFilter {
    std::optional<std::string> state, vendor, asset;
    std::optional<std::string> after = std::nullopt; // a cursor
    std::optional<Scope> scope = std::nullopt;       // of a limited auditor
    /// Those that this person accompanies and that end after this instant.
    std::optional<std::string> escort = std::nullopt;
    std::int64_t ends_after = 0;
};
[[nodiscard]] Result<boost::json::object>
list_windows(Database& database, WindowFilter const& filter);
/// A limited auditor is told of the targets inside, and of the report when every target is.
[[nodiscard]] Result<boost::json::object> show_window(
    Database& database, Window const& window, std::optional<Scope> const& scope = std::nullopt
);

} // namespace ecluse::store
