#include "policies/store/oncall.h"

namespace ecluse::store {
namespace {

/// A rota of a year, changing twice a day, is far shorter.
constexpr std::int64_t turns_max = 1000;

constexpr char const* select_turns =
    "SELECT o.id AS id, o.person AS person, p.login AS login, p.first_name || ' ' || p.last_name "
    "AS name, o.phone_sealed AS phone_sealed, o.added_by AS added_by, o.from_at AS from_at, "
    "o.until_at AS until_at, o.added_at AS added_at FROM oncall o JOIN person p ON p.id = "
    "o.person WHERE o.removed_at IS NULL AND ";

OnCall to_oncall(Row const& row)
{
    return {
        .id = row.text("id"),
        .person = row.text("person"),
        .login = row.text("login"),
        .name = row.text("name"),
        .phone_sealed = row.optional_blob("phone_sealed").value_or(""),
        .added_by = row.text("added_by"),
        .from_at = row.number("from_at"),
        .until_at = row.number("until_at"),
        .added_at = row.number("added_at")};
}

Result<std::vector<OnCall>>
turns(Database& database, std::string const& condition, std::vector<SqlValue> const& parameters)
{
    std::vector<OnCall> found;
    for (auto const& row : ECLUSE_TRY(database.rows(
             select_turns + condition + " ORDER BY o.from_at, o.id LIMIT " +
                 std::to_string(turns_max),
             parameters
         )))
        found.push_back(to_oncall(row));
    return found;
}

} // namespace

Result<> insert_oncall(Database& database, OnCall const& turn)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO oncall (id, person, from_at, until_at, phone_sealed, added_by, added_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {turn.id,
         turn.person,
         turn.from_at,
         turn.until_at,
         Blob{turn.phone_sealed},
         turn.added_by,
         turn.added_at}
    ));
    return {};
}

Result<std::optional<OnCall>> find_oncall(Database& database, std::string const& id)
{
    auto const found = ECLUSE_TRY(turns(database, "o.id = $1", {id}));
    return found.empty() ? std::nullopt : std::optional{found.front()};
}

Result<bool>
has_oncall(Database& database, std::string const& person, std::int64_t from, std::int64_t until)
{
    auto const found = ECLUSE_TRY(turns(
        database, "o.person = $1 AND o.from_at < $2 AND o.until_at > $3", {person, until, from}
    ));
    return !found.empty();
}

Result<bool>
remove_oncall(Database& database, std::string const& id, std::string const& by, std::int64_t at)
{
    return ECLUSE_TRY(database.run(
               "UPDATE oncall SET removed_by = $1, removed_at = $2 WHERE id = $3 AND removed_at IS "
               "NULL",
               {by, at, id}
           )) == 1;
}

Result<std::vector<OnCall>> oncall_from(Database& database, std::int64_t now)
{
    return turns(database, "o.until_at > $1", {now});
}

Result<std::vector<OnCall>> oncall_at(Database& database, std::int64_t now)
{
    return turns(
        database,
        "o.from_at <= $1 AND o.until_at > $1 AND p.state = 'active' AND EXISTS (SELECT 1 FROM "
        "person_role r WHERE r.person = p.id AND r.role = 'dsi' AND (r.valid_to IS NULL OR "
        "r.valid_to > $1))",
        {now}
    );
}

} // namespace ecluse::store
