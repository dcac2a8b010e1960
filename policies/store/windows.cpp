#include "policies/store/windows.h"

#include "common/json.h"
#include "policies/store/listing.h"
#include "policies/store/paging.h"

namespace ecluse::store {
namespace {

Result<> load_lists(Database& database, Window& window)
{
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT person FROM window_person WHERE window = $1 ORDER BY person", {window.id}
         )))
        window.people.push_back(row.text("person"));
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT function FROM window_function WHERE window = $1 ORDER BY function", {window.id}
         )))
        window.functions.push_back(row.text("function"));
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT asset, account FROM window_asset WHERE window = $1 ORDER BY asset, account",
             {window.id}
         )))
        window.targets.push_back({row.text("asset"), row.text("account")});
    return {};
}

Result<> insert_functions(Database& database, Window const& window)
{
    for (auto const& function : window.functions)
        ECLUSE_TRY(database.run(
            "INSERT INTO window_function (window, function) VALUES ($1, $2)", {window.id, function}
        ));
    return {};
}

} // namespace

Result<std::optional<Window>> find_window(Database& database, std::string const& id)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, vendor, opens_at, closes_at, state, open_mode, emergency, nature, reason, "
        "ticket, details, requested_by, requested_at, escort, escort_required, escort_watch, "
        "decided_by FROM access_window WHERE id = $1",
        {id}
    ));
    if (!row) return std::optional<Window>{};
    Window window;
    window.id = row->text("id");
    window.vendor = row->text("vendor");
    window.opens_at = row->number("opens_at");
    window.closes_at = row->number("closes_at");
    window.state = row->text("state");
    window.open_mode = row->text("open_mode");
    window.emergency = row->number("emergency") != 0;
    window.nature = row->text("nature");
    window.reason = row->text("reason");
    window.ticket = row->optional_text("ticket");
    window.details = row->text("details");
    window.requested_by = row->text("requested_by");
    window.requested_at = row->number("requested_at");
    window.escort = row->optional_text("escort");
    window.decided_by = row->optional_text("decided_by");
    window.escort_required = row->number("escort_required") != 0;
    window.escort_watch = row->number("escort_watch") != 0;
    ECLUSE_TRY(load_lists(database, window));
    return std::optional{std::move(window)};
}

Result<> insert_window(Database& database, Window const& window)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO access_window (id, vendor, opens_at, closes_at, state, open_mode, emergency, "
        "nature, reason, ticket, details, requested_by, requested_at, escort, "
        "escort_required) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        {window.id,
         window.vendor,
         window.opens_at,
         window.closes_at,
         window.state,
         window.open_mode,
         std::int64_t{window.emergency},
         window.nature,
         window.reason,
         nullable(window.ticket),
         window.details,
         window.requested_by,
         window.requested_at,
         nullable(window.escort),
         std::int64_t{window.escort_required}}
    ));
    for (auto const& person : window.people)
        ECLUSE_TRY(database.run(
            "INSERT INTO window_person (window, person) VALUES ($1, $2)", {window.id, person}
        ));
    for (auto const& target : window.targets)
        ECLUSE_TRY(database.run(
            "INSERT INTO window_asset (window, asset, account) VALUES ($1, $2, $3)",
            {window.id, target.asset, target.account}
        ));
    return insert_functions(database, window);
}

Result<> decide_window(Database& database, Window const& window, WindowDecision const& decision)
{
    // The state it was judged in is part of the statement: two decisions never both succeed.
    auto const changed = ECLUSE_TRY(database.run(
        "UPDATE access_window SET state = $1, opens_at = $2, closes_at = $3, open_mode = $4, "
        "decided_by = $5, decided_at = $6, decision_reason = $7, override_reason = $8, "
        "report_lifted_reason = $9, escort_required = $10, escort_watch = $11 WHERE id = $12 AND "
        "state = 'requested'",
        {decision.state,
         window.opens_at,
         window.closes_at,
         window.open_mode,
         decision.by,
         decision.at,
         decision.reason,
         nullable(decision.override_reason),
         nullable(decision.report_lifted_reason),
         std::int64_t{window.escort_required},
         std::int64_t{window.escort_watch},
         decision.id}
    ));
    if (changed != 1) return Error{Errc::refused, "decide window: state"};
    ECLUSE_TRY(database.run("DELETE FROM window_function WHERE window = $1", {decision.id}));
    return insert_functions(database, window);
}

Result<>
open_window(Database& database, std::string const& id, std::string const& by, std::int64_t at)
{
    ECLUSE_TRY(database.run(
        "UPDATE access_window SET state = 'open', opened_by = $1, opened_at = $2 WHERE id = $3",
        {by, at, id}
    ));
    return {};
}

Result<> cancel_window(
    Database& database,
    std::string const& id,
    std::string const& by,
    std::int64_t at,
    std::string const& reason
)
{
    ECLUSE_TRY(database.run(
        "UPDATE access_window SET state = 'cancelled', closed_by = $1, closed_at = $2, "
        "close_reason = $3 WHERE id = $4",
        {by, at, reason, id}
    ));
    return {};
}

Result<> extend_window(Database& database, Extension const& extension)
{
    ECLUSE_TRY(database.run(
        "UPDATE access_window SET closes_at = $1 WHERE id = $2", {extension.to, extension.window}
    ));
    ECLUSE_TRY(database.run(
        "INSERT INTO window_extension (window, from_at, to_at, reason, extended_by, extended_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        {extension.window,
         extension.from,
         extension.to,
         extension.reason,
         extension.by,
         extension.at}
    ));
    return {};
}

Result<std::optional<Escorted>>
next_escorted(Database& database, std::string const& person, std::int64_t now)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, opens_at FROM access_window WHERE escort = $1 AND "
        "state IN ('approved', 'open') AND closes_at > $2 ORDER BY opens_at, id LIMIT 1",
        {person, now}
    ));
    if (!row) return std::optional<Escorted>{};
    return std::optional{Escorted{row->text("id"), row->number("opens_at")}};
}

Result<> set_escort(Database& database, std::string const& id, std::string const& person)
{
    ECLUSE_TRY(database.run("UPDATE access_window SET escort = $1 WHERE id = $2", {person, id}));
    return {};
}

Result<json::object> list_windows(Database& database, WindowFilter const& filter)
{
    static constexpr auto select =
        "SELECT w.id AS window, w.state AS state, v.name AS vendor, (SELECT group_concat(name, "
        "',') FROM (SELECT DISTINCT a.name AS name FROM window_asset t JOIN asset a ON a.id = "
        "t.asset WHERE t.window = w.id AND ($1 IS NULL OR t.asset IN (SELECT value FROM "
        "json_each($1))))) AS assets, w.opens_at AS opens, w.closes_at AS closes, "
        "w.open_mode AS open_mode, w.emergency AS emergency, w.nature AS nature, w.reason AS "
        "reason, w.ticket AS ticket, w.escort_required AS escort_required, w.escort_watch AS "
        "escort_watch, w.opens_at AS page_key, w.id AS page_id "
        "FROM access_window w JOIN vendor v ON v.id = w.vendor";
    Paged list{select, {"w.opens_at", "w.id"}, {assets_in(filter.scope)}};
    limit_windows(list, filter.scope);
    list.where_if(filter.state, "w.state = ?").where_if(filter.vendor, "w.vendor = ?");
    list.where_if(
        filter.asset, "EXISTS (SELECT 1 FROM window_asset t WHERE t.window = w.id AND t.asset = ?)"
    );
    if (filter.escort)
        list.where("w.escort = ?", *filter.escort)
            .where("w.state IN ('requested', 'approved', 'open')")
            .where("w.closes_at > ?", filter.ends_after);
    return list.page(
        database,
        filter.after,
        {{"window"},
         {"state"},
         {"vendor"},
         {"assets", As::list},
         {"opens", As::instant},
         {"closes", As::instant},
         {"open_mode"},
         {"emergency", As::flag},
         {"nature"},
         {"reason"},
         {"ticket"},
         {"escort_required", As::flag},
         {"escort_watch", As::flag}}
    );
}

Result<json::object>
show_window(Database& database, Window const& window, std::optional<Scope> const& scope)
{
    auto const& id = window.id;
    auto const row = ECLUSE_TRY(database.row(
        "SELECT w.id AS window, w.state AS state, v.name AS vendor, w.opens_at AS opens, "
        "w.closes_at AS closes, w.open_mode AS open_mode, w.emergency AS emergency, w.nature AS "
        "nature, w.reason AS reason, w.ticket AS ticket, w.details AS details, "
        "(SELECT login FROM person WHERE id = w.requested_by) AS requested_by, w.requested_at AS "
        "requested_at, (SELECT login FROM person WHERE id = w.decided_by) AS decided_by, "
        "w.decided_at AS decided_at, w.decision_reason AS decision_reason, w.override_reason AS "
        "override_reason, w.report_lifted_reason AS report_lifted_reason, w.escort_required AS "
        "escort_required, w.escort_watch AS escort_watch, (SELECT login FROM person WHERE id = "
        "w.opened_by) AS opened_by, "
        "w.opened_at AS opened_at, (SELECT login FROM person WHERE id = w.closed_by) AS "
        "closed_by, w.closed_at AS closed_at, w.close_reason AS close_reason, "
        "(SELECT login FROM person WHERE id = w.escort) AS escort, "
        "(SELECT group_concat(p.login, ',') FROM window_person x JOIN person p ON p.id = "
        "x.person WHERE x.window = w.id) AS people, (SELECT group_concat(function, ',') FROM "
        "window_function WHERE window = w.id) AS functions, "
        "(SELECT id FROM report WHERE access_window = w.id) AS report "
        "FROM access_window w JOIN vendor v ON v.id = w.vendor WHERE w.id = $1",
        {id}
    ));
    if (!row) return Error{Errc::not_found, "window " + id};
    auto object = shown(
        *row,
        {{"window"},
         {"state"},
         {"vendor"},
         {"people", As::list},
         {"opens", As::instant},
         {"closes", As::instant},
         {"functions", As::list},
         {"open_mode"},
         {"emergency", As::flag},
         {"nature"},
         {"reason"},
         {"ticket"},
         {"escort"},
         {"escort_required", As::flag},
         {"escort_watch", As::flag},
         {"requested_by"},
         {"requested_at", As::instant},
         {"decided_by"},
         {"decided_at", As::instant},
         {"decision_reason"},
         {"override_reason"},
         {"report_lifted_reason"},
         {"opened_by"},
         {"opened_at", As::instant},
         {"closed_by"},
         {"closed_at", As::instant},
         {"close_reason"},
         {"report"},
         {"details", As::object}}
    );
    if (!whole_window_is_in(scope, window)) object["report"] = nullptr;
    object["targets"] = ECLUSE_TRY(shown_rows(
        database,
        "SELECT a.name AS asset, t.account AS account, a.usage_hours AS usage_hours "
        "FROM window_asset t JOIN asset a ON a.id = t.asset WHERE t.window = $1 "
        "AND ($2 IS NULL OR t.asset IN (SELECT value FROM json_each($2))) "
        "ORDER BY a.name, t.account",
        {id, assets_in(scope)},
        {{"asset"}, {"account"}, {"usage_hours"}}
    ));
    object["extensions"] = ECLUSE_TRY(shown_rows(
        database,
        "SELECT from_at AS \"from\", to_at AS \"to\", reason, (SELECT login FROM person WHERE id "
        "= extended_by) AS extended_by FROM window_extension WHERE window = $1 ORDER BY "
        "extended_at",
        {id},
        {{"from", As::instant}, {"to", As::instant}, {"reason"}, {"extended_by"}}
    ));
    return object;
}

} // namespace ecluse::store
