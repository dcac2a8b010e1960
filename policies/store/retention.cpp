#include "policies/store/retention.h"

#include "common/json.h"
#include "policies/store/listing.h"
#include "policies/store/paging.h"

namespace ecluse::store {
namespace {

using namespace std::chrono;

// A session without a window's report yet has its evidence before it: it waits.
constexpr std::string_view select_kept =
    "SELECT s.id, s.header_sha256, s.seal_sha256, s.ended_ms, a.recording_days, "
    "s.purge_announced_at, "
    "EXISTS (SELECT 1 FROM legal_hold h WHERE h.session = s.id AND h.lifted_at IS NULL) AS held, "
    "EXISTS (SELECT 1 FROM report r WHERE r.access_window = s.access_window "
    "AND r.state = 'accepted') AS accepted "
    "FROM session s JOIN asset a ON a.id = s.asset "
    "WHERE s.recording IN ('sealed', 'interrupted') AND s.ended_ms IS NOT NULL "
    "AND s.header_sha256 IS NOT NULL AND s.seal_sha256 IS NOT NULL ";

Purgeable to_purgeable(Row const& row)
{
    auto const announced = row.optional_number("purge_announced_at");
    return {
        .session = row.text("id"),
        .header_sha256 = row.text("header_sha256"),
        .seal_sha256 = row.text("seal_sha256"),
        .announced = announced ? std::optional{UtcTime{seconds{*announced}}} : std::nullopt,
        .facts = {
            .ended = to_seconds(UtcMillis{milliseconds{row.number("ended_ms")}}),
            .asset_floor = days{row.number("recording_days")},
            .legal_hold = row.number("held") != 0,
            .sealed = true,
            .report_accepted = row.number("accepted") != 0}};
}

} // namespace

Result<std::vector<Purgeable>> recordings_past_term(
    Database& database, UtcTime now, days kept, std::optional<UtcTime> announced_until
)
{
    auto const at = now.time_since_epoch().count();
    std::string select = std::string{select_kept} +
                         "AND s.ended_ms / 1000 + max($1, a.recording_days) * 86400 <= $2 ";
    std::vector<SqlValue> values{kept.count(), at};
    if (announced_until) {
        select += "AND s.purge_announced_at <= $3 ";
        values.emplace_back(announced_until->time_since_epoch().count());
    } else {
        select += "AND s.purge_announced_at IS NULL ";
    }
    std::vector<Purgeable> found;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT * FROM (" + select +
                 ") AS kept WHERE held = 0 AND accepted = 1 ORDER BY ended_ms LIMIT " +
                 std::to_string(past_term_max),
             std::move(values)
         )))
        found.push_back(to_purgeable(row));
    return found;
}

Result<> set_purge_announced(Database& database, std::string const& session, UtcTime at)
{
    ECLUSE_TRY(database.run(
        "UPDATE session SET purge_announced_at = $1 WHERE id = $2",
        {at.time_since_epoch().count(), session}
    ));
    return {};
}

Result<std::int64_t> withdraw_announcements(Database& database)
{
    return database.run(
        "UPDATE session SET purge_announced_at = NULL WHERE purge_announced_at IS NOT NULL "
        "AND recording IN ('sealed', 'interrupted')"
    );
}

Result<std::optional<Purgeable>> find_kept(Database& database, std::string const& session)
{
    auto const row =
        ECLUSE_TRY(database.row(std::string{select_kept} + "AND s.id = $1", {session}));
    return row ? std::optional{to_purgeable(*row)} : std::nullopt;
}

Result<> set_purged(Database& database, std::string const& session)
{
    ECLUSE_TRY(database.run("UPDATE session SET recording = 'purged' WHERE id = $1", {session}));
    // They hold what was typed and the names of files: content, like the recording.
    ECLUSE_TRY(database.run("DELETE FROM session_event WHERE session = $1", {session}));
    // What readers noted is about content that is no more.
    ECLUSE_TRY(database.run("DELETE FROM bookmark WHERE session = $1", {session}));
    return {};
}

Result<OldEvents> count_journal_before(Database& database, UtcTime before, std::int64_t count_max)
{
    auto const at = duration_cast<milliseconds>(before.time_since_epoch()).count();
    auto const row = ECLUSE_TRY(database.row(
        "SELECT count(*) AS events, coalesce(max(sequence), 0) AS last FROM (SELECT sequence "
        "FROM journal_event WHERE event IS NOT NULL AND at_ms < $1 AND at_ms < coalesce("
        "(SELECT min(s.started_ms) FROM legal_hold h JOIN session s ON s.id = h.session "
        "WHERE h.lifted_at IS NULL), $2) ORDER BY sequence LIMIT $3) AS old",
        {at, at, count_max}
    ));
    return OldEvents{row->number("events"), row->number("last")};
}

Result<> erase_journal(Database& database, UtcTime before, std::int64_t last_sequence)
{
    ECLUSE_TRY(database.run(
        "UPDATE journal_event SET salt = NULL, event = NULL "
        "WHERE sequence <= $1 AND event IS NOT NULL AND at_ms < $2",
        {last_sequence, duration_cast<milliseconds>(before.time_since_epoch()).count()}
    ));
    return {};
}

Result<bool> place_hold(
    Database& database,
    std::string const& session,
    std::string const& reason,
    std::string const& by,
    std::int64_t at
)
{
    // When it is lifted, the end is announced anew.
    ECLUSE_TRY(database.run("UPDATE session SET purge_announced_at = NULL WHERE id = $1", {session})
    );
    return ECLUSE_TRY(database.run(
               "INSERT INTO legal_hold (session, reason, placed_by, placed_at) "
               "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
               {session, reason, by, at}
           )) == 1;
}

Result<bool> lift_hold(
    Database& database,
    std::string const& session,
    std::string const& reason,
    std::string const& by,
    std::int64_t at
)
{
    return ECLUSE_TRY(database.run(
               "UPDATE legal_hold SET lifted_reason = $1, lifted_by = $2, lifted_at = $3 "
               "WHERE session = $4 AND lifted_at IS NULL",
               {reason, by, at, session}
           )) == 1;
}

Result<json::object> list_holds(
    Database& database, std::optional<Scope> const& scope, std::optional<std::string> const& after
)
{
    // Those in force first: they stand after every instant.
    constexpr auto order = "(h.lifted_at IS NULL) * 100000000000 + h.placed_at";
    constexpr auto id = "h.session || '/' || h.placed_at";
    Paged list{
        std::string{
            "SELECT h.session AS session, a.name AS asset, h.reason AS reason, p.login AS by, "
            "h.placed_at AS placed_at, h.lifted_at AS lifted_at, l.login AS lifted_by, "
            "h.lifted_reason AS lifted_reason, "} +
            order + " AS page_key, " + id +
            " AS page_id FROM legal_hold h JOIN session s ON s.id = h.session "
            "JOIN asset a ON a.id = s.asset JOIN access_window w ON w.id = s.access_window "
            "JOIN person p ON p.id = h.placed_by LEFT JOIN person l ON l.id = h.lifted_by",
        {order, id}};
    limit(list, scope, "w.vendor", "s.asset");
    return list.page(
        database,
        after,
        {{"session"},
         {"asset"},
         {"reason"},
         {"by"},
         {"placed_at", As::instant},
         {"lifted_at", As::instant},
         {"lifted_by"},
         {"lifted_reason"}}
    );
}

} // namespace ecluse::store
