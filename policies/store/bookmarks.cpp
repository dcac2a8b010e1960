#include "policies/store/bookmarks.h"

#include "common/time.h"

#include <boost/json/object.hpp>

namespace ecluse::store {

Result<bool> add_bookmark(Database& database, Bookmark const& bookmark)
{
    auto const rows = ECLUSE_TRY(database.run(
        "INSERT INTO bookmark (id, session, at_ms, note, person, made_at) "
        "SELECT $1, $2, $3, $4, $5, $6 "
        "WHERE (SELECT count(*) FROM bookmark WHERE session = $2) < $7",
        {bookmark.id,
         bookmark.session,
         bookmark.at_ms,
         bookmark.note,
         bookmark.person,
         bookmark.made_at,
         bookmarks_max}
    ));
    return rows == 1;
}

Result<std::optional<Bookmark>> find_bookmark(Database& database, std::string const& id)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT session, at_ms, note, person, made_at FROM bookmark WHERE id = $1", {id}
    ));
    if (!row) return std::optional<Bookmark>{};
    return std::optional{Bookmark{
        id,
        row->text("session"),
        row->number("at_ms"),
        row->text("note"),
        row->text("person"),
        row->number("made_at")}};
}

Result<bool> remove_bookmark(Database& database, std::string const& id)
{
    return ECLUSE_TRY(database.run("DELETE FROM bookmark WHERE id = $1", {id})) == 1;
}

Result<boost::json::array> list_bookmarks(Database& database, std::string const& session)
{
    boost::json::array rows;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT b.id AS id, b.at_ms AS at_ms, b.note AS note, b.person AS person, "
             "b.made_at AS made_at, p.first_name || ' ' || p.last_name AS name "
             "FROM bookmark b JOIN person p ON p.id = b.person WHERE b.session = $1 "
             "ORDER BY b.at_ms, b.id",
             {session}
         )))
        rows.push_back(boost::json::object{
            {"bookmark", row.text("id")},
            {"at_ms", row.number("at_ms")},
            {"note", row.text("note")},
            {"person", row.text("person")},
            {"name", row.text("name")},
            {"made", to_iso(UtcTime{std::chrono::seconds{row.number("made_at")}})}});
    return rows;
}

} // namespace ecluse::store
