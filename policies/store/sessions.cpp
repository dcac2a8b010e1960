#include "policies/store/sessions.h"

#include "common/json.h"
#include "policies/store/listing.h"
#include "policies/store/paging.h"

namespace ecluse::store {
namespace {

std::string const columns_sql =
    "SELECT " + std::string{client_sql} +
    ", s.id AS session, p.login AS person, p.first_name || ' ' || p.last_name AS name, "
    "v.name AS vendor, a.name AS asset, s.account AS account, s.protocol AS protocol, s.source AS "
    "source, s.access_window "
    "AS window, s.factors AS factors, s.started_ms AS started_at, s.ended_ms AS ended_at, "
    "s.end_reason AS end_reason, (SELECT login FROM person WHERE id = s.ended_by) AS ended_by, "
    "s.end_comment AS end_comment, s.bytes_in AS bytes_in, s.bytes_out AS bytes_out, s.recording "
    "AS recording, s.seal_sha256 AS seal_sha256, (SELECT count(*) FROM session_event e WHERE "
    "e.session = s.id) AS events, s.started_ms AS page_key, s.id AS page_id FROM session s JOIN "
    "person p ON p.id = s.person JOIN asset a ON "
    "a.id = s.asset JOIN access_window w ON w.id = s.access_window JOIN vendor v ON v.id = "
    "w.vendor ";

std::vector<Column> const& columns()
{
    static std::vector<Column> const all{
        {"session"},
        {"person"},
        {"name"},
        {"vendor"},
        {"asset"},
        {"account"},
        {"protocol"},
        {"client"},
        {"source"},
        {"window"},
        {"factors"},
        {"started_at", As::millis},
        {"ended_at", As::millis},
        {"end_reason"},
        {"ended_by"},
        {"end_comment"},
        {"bytes_in", As::number},
        {"bytes_out", As::number},
        {"recording"},
        {"seal_sha256"},
        {"events", As::number}};
    return all;
}

} // namespace

Result<json::object> list_sessions(Database& database, SessionFilter const& filter)
{
    Paged list{columns_sql, {"s.started_ms", "s.id"}};
    list.where_if(filter.window, "s.access_window = ?").where_if(filter.person, "s.person = ?");
    list.where_if(filter.vendor, "w.vendor = ?");
    limit(list, filter.scope, "w.vendor", "s.asset");
    if (filter.live) list.where("s.ended_ms IS NULL");
    return list.page(database, filter.after, columns());
}

Result<std::optional<json::object>> show_session(Database& database, std::string const& id)
{
    auto const row = ECLUSE_TRY(database.row(columns_sql + "WHERE s.id = $1", {id}));
    if (!row) return std::optional<json::object>{};
    return std::optional{shown(*row, columns())};
}

} // namespace ecluse::store
