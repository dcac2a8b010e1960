#include "policies/store/escorts.h"

#include "common/json.h"
#include "policies/store/listing.h"

namespace ecluse::store {

Result<EscortStanding>
escort_standing(Database& database, std::string const& window, std::int64_t now)
{
    EscortStanding standing;
    auto const row = ECLUSE_TRY(database.row(
        "SELECT escort_required, escort_watch FROM access_window WHERE id = $1", {window}
    ));
    if (!row) return Error{Errc::not_found, "window " + window};
    standing.required = row->number("escort_required") != 0;
    standing.watching = row->number("escort_watch") != 0;
    for (auto const& one : ECLUSE_TRY(database.rows(
             "SELECT p.id AS id, p.first_name || ' ' || p.last_name AS name, h.arrived_at AS "
             "arrived_at FROM window_presence h JOIN person p ON p.id = h.person "
             "JOIN access_window w ON w.id = h.window "
             "WHERE h.window = $1 AND h.left_at IS NULL AND p.state = 'active' AND "
             "(w.escort = p.id OR EXISTS (SELECT 1 FROM person_role r WHERE r.person = p.id AND "
             "r.role = 'dsi' AND (r.valid_to IS NULL OR r.valid_to > $2))) "
             "ORDER BY h.arrived_at, p.id",
             {window, now}
         )))
        standing.present.push_back({one.text("id"), one.text("name"), one.number("arrived_at")});
    return standing;
}

Result<bool> escort_arrives(
    Database& database, std::string const& window, std::string const& person, std::int64_t at
)
{
    return ECLUSE_TRY(database.run(
               "INSERT INTO window_presence (window, person, arrived_at) SELECT $1, $2, $3 WHERE "
               "NOT EXISTS (SELECT 1 FROM window_presence WHERE window = $1 AND person = $2 AND "
               "left_at IS NULL)",
               {window, person, at}
           )) == 1;
}

Result<bool> escort_leaves(
    Database& database, std::string const& window, std::string const& person, std::int64_t at
)
{
    return ECLUSE_TRY(database.run(
               "UPDATE window_presence SET left_at = $1 WHERE window = $2 AND person = $3 AND "
               "left_at IS NULL",
               {at, window, person}
           )) == 1;
}

Result<> escorts_leave(Database& database, std::string const& window, std::int64_t at)
{
    ECLUSE_TRY(database.run(
        "UPDATE window_presence SET left_at = $1 WHERE window = $2 AND left_at IS NULL",
        {at, window}
    ));
    return {};
}

Result<json::array> presences_of(Database& database, std::string const& window)
{
    return shown_rows(
        database,
        "SELECT p.login AS login, p.first_name || ' ' || p.last_name AS name, h.arrived_at AS "
        "arrived, h.left_at AS \"left\" FROM window_presence h JOIN person p ON p.id = h.person "
        "WHERE h.window = $1 ORDER BY h.arrived_at, p.id",
        {window},
        {{"login"}, {"name"}, {"arrived", As::instant}, {"left", As::instant}}
    );
}

} // namespace ecluse::store
