#include "policies/store/audits.h"

#include "common/json.h"
#include "policies/store/listing.h"
#include "policies/store/paging.h"

namespace ecluse::store {
namespace {

constexpr std::int64_t ms = 1000;

SqlValue scope_text(std::optional<Scope> const& scope)
{
    return scope ? SqlValue{json::serialize(to_json(*scope))} : SqlValue{};
}

} // namespace

Result<std::vector<EndedSession>>
ended_sessions(Database& database, AuditedPeriod const& period, std::size_t sessions_max)
{
    auto const rows = ECLUSE_TRY(database.rows(
        "SELECT s.id AS id, s.asset AS asset, a.sensitive AS sensitive FROM session s JOIN "
        "access_window w ON w.id = "
        "s.access_window JOIN asset a ON a.id = s.asset WHERE s.ended_ms >= $1 AND s.ended_ms < $2 "
        "AND ($3 IS NULL OR w.vendor = $3) AND ($4 IS NULL OR s.asset = $4) "
        "AND ($5 IS NULL OR w.vendor IN (SELECT value FROM json_each($5))) "
        "AND ($6 IS NULL OR s.asset IN (SELECT value FROM json_each($6))) ORDER BY s.id LIMIT $7",
        {period.from_at * ms,
         period.until_at * ms,
         nullable(period.vendor),
         nullable(period.asset),
         vendors_in(period.scope),
         assets_in(period.scope),
         static_cast<std::int64_t>(sessions_max + 1)},
        sessions_max + 1
    ));
    if (rows.size() > sessions_max) return Error{Errc::too_large, "sessions of the period"};
    std::vector<EndedSession> found;
    for (auto const& row : rows)
        found.push_back({row.text("id"), row.text("asset"), row.number("sensitive") != 0});
    return found;
}

Result<bool>
insert_audit(Database& database, SessionAudit const& audit, std::vector<DrawnSession> const& drawn)
{
    auto const added = ECLUSE_TRY(database.run(
        "INSERT INTO session_audit (id, drawn_by, drawn_at, from_at, until_at, vendor, asset, "
        "scope, size, share, seed, population, population_sha256) VALUES ($1, $2, $3, $4, $5, $6, "
        "$7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
        {audit.id,
         audit.drawn_by,
         audit.drawn_at,
         audit.period.from_at,
         audit.period.until_at,
         nullable(audit.period.vendor),
         nullable(audit.period.asset),
         scope_text(audit.period.scope),
         nullable(audit.size),
         nullable(audit.share),
         audit.seed,
         audit.population,
         audit.population_sha256}
    ));
    if (added != 1) return false;
    std::int64_t place = 0;
    for (auto const& one : drawn)
        ECLUSE_TRY(database.run(
            "INSERT INTO session_audit_item (audit, session, place, why) VALUES ($1, $2, $3, $4)",
            {audit.id, one.id, ++place, one.why}
        ));
    return true;
}

Result<std::optional<SessionAudit>> find_audit(Database& database, std::string const& id)
{
    auto const row = ECLUSE_TRY(database.row("SELECT * FROM session_audit WHERE id = $1", {id}));
    if (!row) return std::optional<SessionAudit>{};
    SessionAudit audit;
    audit.id = id;
    audit.drawn_by = row->text("drawn_by");
    audit.drawn_at = row->number("drawn_at");
    audit.period = {
        row->number("from_at"),
        row->number("until_at"),
        row->optional_text("vendor"),
        row->optional_text("asset"),
        std::nullopt};
    if (auto const scope = row->optional_text("scope"))
        audit.period.scope = ECLUSE_TRY(parse_scope(*scope));
    audit.size = row->optional_number("size");
    audit.share = row->optional_number("share");
    audit.seed = row->text("seed");
    audit.population = row->number("population");
    audit.population_sha256 = row->text("population_sha256");
    audit.outcome = row->optional_text("outcome");
    audit.conclusion = row->optional_text("conclusion");
    return std::optional{std::move(audit)};
}

Result<bool> set_finding(Database& database, AuditFinding const& finding)
{
    return ECLUSE_TRY(database.run(
               "UPDATE session_audit_item SET checks = $1, outcome = $2, comment = $3, judged_at = "
               "$4 WHERE audit = $5 AND session = $6 AND EXISTS (SELECT 1 FROM session_audit a "
               "WHERE a.id = $5 AND a.ended_at IS NULL)",
               {finding.checks,
                finding.outcome,
                nullable(finding.comment),
                finding.judged_at,
                finding.audit,
                finding.session}
           )) == 1;
}

Result<std::int64_t> missing_findings(Database& database, std::string const& audit)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT COUNT(*) AS n FROM session_audit_item WHERE audit = $1 AND checks IS NULL", {audit}
    ));
    return row ? row->number("n") : 0;
}

Result<bool> end_audit(Database& database, AuditEnd const& end)
{
    return ECLUSE_TRY(database.run(
               "UPDATE session_audit SET ended_at = $1, outcome = $2, ended_by = $3, conclusion = "
               "$4, factors = $5, minutes = $6 WHERE id = $7 AND ended_at IS NULL",
               {end.at,
                end.outcome,
                end.by,
                end.conclusion,
                nullable(end.factors),
                nullable(end.minutes),
                end.audit}
           )) == 1;
}

Result<std::optional<std::string>> audit_minutes(Database& database, std::string const& audit)
{
    auto const row =
        ECLUSE_TRY(database.row("SELECT minutes FROM session_audit WHERE id = $1", {audit}));
    return row ? row->optional_text("minutes") : std::nullopt;
}

Result<json::object> list_audits(Database& database, AuditFilter const& filter)
{
    // Those under way first: they stand after every instant.
    constexpr auto order = "(x.ended_at IS NULL) * 100000000000 + x.drawn_at";
    Paged list{
        std::string{
            "SELECT x.id AS audit, x.from_at AS from_at, x.until_at AS until_at, v.name AS vendor, "
            "a.name AS asset, x.scope IS NOT NULL AS limited, x.population AS population, "
            "(SELECT COUNT(*) FROM session_audit_item i WHERE i.audit = x.id) AS drawn, "
            "(SELECT COUNT(*) FROM session_audit_item i WHERE i.audit = x.id AND i.checks IS NULL) "
            "AS "
            "missing, (SELECT COUNT(*) FROM session_audit_item i WHERE i.audit = x.id AND "
            "i.outcome = "
            "'deviation') AS deviations, p.login AS drawn_by, x.drawn_at AS drawn_at, x.outcome AS "
            "outcome, x.ended_at AS ended_at, (SELECT login FROM person WHERE id = x.ended_by) AS "
            "ended_by, "} +
            order +
            " AS page_key, x.id AS page_id FROM session_audit x JOIN person p ON p.id = x.drawn_by "
            "LEFT JOIN vendor v ON v.id = x.vendor LEFT JOIN asset a ON a.id = x.asset",
        {order, "x.id"}};
    list.where_if(filter.drawn_by, "x.drawn_by = ?");
    if (filter.scope) list.where("x.scope = ?", scope_text(filter.scope));
    return list.page(
        database,
        filter.after,
        {{"audit"},
         {"from_at", As::instant},
         {"until_at", As::instant},
         {"vendor"},
         {"asset"},
         {"limited", As::flag},
         {"population", As::number},
         {"drawn", As::number},
         {"missing", As::number},
         {"deviations", As::number},
         {"drawn_by"},
         {"drawn_at", As::instant},
         {"outcome"},
         {"ended_at", As::instant},
         {"ended_by"}}
    );
}

Result<json::array> audit_items(Database& database, SessionAudit const& audit)
{
    return shown_rows(
        database,
        "SELECT s.id AS session, i.why AS why, p.first_name || ' ' || p.last_name AS person, "
        "v.name "
        "AS vendor, a.name AS asset, s.account AS account, s.access_window AS window, w.reason AS "
        "reason, s.source AS source, s.factors AS factors, s.started_ms AS started_at, s.ended_ms "
        "AS ended_at, s.end_reason AS end_reason, s.recording AS recording, "
        // A report tells of every target of its window: a limited auditor sees it with all of them.
        "CASE WHEN $4 IS NULL OR NOT EXISTS (SELECT 1 FROM window_asset o WHERE o.window = w.id "
        "AND o.asset NOT IN (SELECT value FROM json_each($4))) THEN r.id END AS report, "
        "r.state AS report_state, (SELECT COUNT(*) FROM session_event e WHERE e.session = s.id) AS "
        "events, (SELECT COUNT(*) FROM journal_event j WHERE j.type IN ('recording.opened', "
        "'recording.exported') AND j.at_ms >= $2 AND json_extract(j.event, '$.object') = s.id AND "
        "json_extract(j.event, '$.actor') = $3) AS opened, (SELECT COUNT(*) FROM journal_event j "
        "WHERE j.type = 'recording.verified' AND j.at_ms >= $2 AND json_extract(j.event, "
        "'$.object') = s.id AND json_extract(j.event, '$.actor') = $3) AS verified, "
        "i.checks AS checks, i.outcome AS outcome, i.comment AS comment, i.judged_at AS judged_at "
        "FROM session_audit_item i JOIN session s ON s.id = i.session JOIN person p ON p.id = "
        "s.person JOIN asset a ON a.id = s.asset JOIN access_window w ON w.id = s.access_window "
        "JOIN vendor v ON v.id = w.vendor LEFT JOIN report r ON r.access_window = w.id "
        "WHERE i.audit = $1 ORDER BY i.place",
        {audit.id, audit.drawn_at * ms, audit.drawn_by, assets_in(audit.period.scope)},
        {{"session"},
         {"why"},
         {"person"},
         {"vendor"},
         {"asset"},
         {"account"},
         {"window"},
         {"reason"},
         {"source"},
         {"factors"},
         {"started_at", As::millis},
         {"ended_at", As::millis},
         {"end_reason"},
         {"recording"},
         {"report"},
         {"report_state"},
         {"events", As::number},
         {"opened", As::number},
         {"verified", As::number},
         {"checks", As::object},
         {"outcome"},
         {"comment"},
         {"judged_at", As::instant}}
    );
}

Result<AuditStanding> audit_standing(Database& database, std::int64_t since)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT (SELECT MAX(ended_at) FROM session_audit WHERE outcome = 'signed' AND vendor IS "
        "NULL AND asset IS NULL AND scope IS NULL) AS last_signed, (SELECT MIN(ended_ms) FROM "
        "session) AS first_ms, (SELECT COUNT(*) FROM session WHERE ended_ms >= $1) AS sessions, "
        "(SELECT COUNT(DISTINCT i.session) FROM session_audit_item i JOIN session_audit x ON x.id "
        "= i.audit JOIN session s ON s.id = i.session WHERE x.outcome = 'signed' AND s.ended_ms >= "
        "$1) AS audited",
        {since * ms}
    ));
    AuditStanding standing;
    if (!row) return standing;
    standing.last_signed = row->optional_number("last_signed");
    if (auto const first = row->optional_number("first_ms")) standing.first_session = *first / ms;
    standing.sessions = row->number("sessions");
    standing.audited = row->number("audited");
    return standing;
}

} // namespace ecluse::store
