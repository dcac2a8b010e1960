#pragma once

#include "policies/store/database.h"
#include "policies/store/scope.h"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <vector>

/// Audits of sessions drawn by lot (HDS:EXI-19).
namespace ecluse::store {

/// Sessions that ended in [from_at, until_at), of this vendor and on this asset where they are
/// named, and inside this scope.
struct AuditedPeriod {
    std::int64_t from_at = 0, until_at = 0;
    std::optional<std::string> vendor, asset;
    std::optional<Scope> scope;
};
struct EndedSession {
    std::string id, asset;
    bool sensitive = false; // its asset is
};
/// More than `sessions_max` is Errc::too_large: nobody audits that at once.
[[nodiscard]] Result<std::vector<EndedSession>>
ended_sessions(Database& database, AuditedPeriod const& period, std::size_t sessions_max);

struct SessionAudit {
    std::string id, drawn_by;
    std::int64_t drawn_at = 0;
    AuditedPeriod period;
    std::optional<std::int64_t> size, share; // as asked
    std::string seed;
    std::int64_t population = 0;
    std::string population_sha256;
    std::optional<std::string> outcome, conclusion; // none: running
};
struct DrawnSession {
    std::string id, why; // sensitive | drawn
};
/// False when this person has a running one.
[[nodiscard]] Result<bool>
insert_audit(Database& database, SessionAudit const& audit, std::vector<DrawnSession> const& drawn);
[[nodiscard]] Result<std::optional<SessionAudit>>
find_audit(Database& database, std::string const& id);

/// What is said of one drawn session.
struct AuditFinding {
    std::string audit, session, checks, outcome; // checks: JSON
    std::optional<std::string> comment;
    std::int64_t judged_at = 0;
};
/// False when the audit is over, or has no such session.
[[nodiscard]] Result<bool> set_finding(Database& database, AuditFinding const& finding);
[[nodiscard]] Result<std::int64_t> missing_findings(Database& database, std::string const& audit);

struct AuditEnd {
    std::string audit, outcome, by;
    std::int64_t at = 0;
    std::string conclusion;
    std::optional<std::string> factors, minutes; // of a signed one
};
/// False when it is over already.
[[nodiscard]] Result<bool> end_audit(Database& database, AuditEnd const& end);
[[nodiscard]] Result<std::optional<std::string>>
audit_minutes(Database& database, std::string const& audit);

/// For a limited auditor: those that this person drew, and with the same limits.
struct AuditFilter {
    std::optional<std::string> drawn_by;
    std::optional<Scope> scope;
    std::optional<std::string> after = std::nullopt; // a cursor
};
[[nodiscard]] Result<boost::json::object>
list_audits(Database& database, AuditFilter const& filter);
/// The drawn sessions with the facts that the audit looks at, and what was said of each. Whether
/// the person who drew has opened or verified the recording since, as the journal knows.
[[nodiscard]] Result<boost::json::array> audit_items(Database& database, SessionAudit const& audit);

/// Of audits of everything only: a vendor's, an asset's or a limited auditor's proves nothing about
/// the others.
struct AuditStanding {
    std::optional<std::int64_t> last_signed, first_session;
    std::int64_t sessions = 0, audited = 0; // ended since, and of these in any signed audit
};
[[nodiscard]] Result<AuditStanding> audit_standing(Database& database, std::int64_t since);

} // namespace ecluse::store
