#include "policies/store/persons.h"

#include "common/json.h"
#include "policies/store/listing.h"
#include "policies/store/paging.h"
#include "policies/store/scope.h"

namespace ecluse::store {

Result<std::optional<Person>>
find_person(Database& database, std::string const& id_or_login, std::int64_t now)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, login, first_name, last_name, vendor, subcontractor, state, language, "
        "identity_verified_at FROM person WHERE id = $1 OR login = $2",
        {id_or_login, id_or_login}
    ));
    if (!row) return std::optional<Person>{};
    Person person;
    person.id = row->text("id");
    person.login = row->text("login");
    person.first_name = row->text("first_name");
    person.last_name = row->text("last_name");
    person.vendor = row->optional_text("vendor");
    person.subcontractor = row->optional_text("subcontractor");
    person.state = row->text("state");
    person.language = row->text("language");
    person.identity_verified = row->optional_number("identity_verified_at").has_value();
    for (auto const& role : ECLUSE_TRY(database.rows(
             "SELECT role FROM person_role WHERE person = $1 AND (valid_to IS NULL OR valid_to > "
             "$2)",
             {person.id, now}
         )))
        person.roles.push_back(role.text("role"));
    return std::optional{std::move(person)};
}

Result<bool> any_person(Database& database)
{
    return ECLUSE_TRY(database.row("SELECT 1 AS one FROM person LIMIT 1")).has_value();
}

Result<> insert_person(Database& database, NewPerson const& person)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO person (id, login, first_name, last_name, vendor, subcontractor, state, "
        "language, contact_sealed, created_at, created_by, state_by, state_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'invited', $7, $8, $9, $10, $11, $12)",
        {person.id,
         person.login,
         person.first_name,
         person.last_name,
         nullable(person.vendor),
         nullable(person.subcontractor),
         person.language,
         Blob{person.contact_sealed},
         person.created_at,
         person.created_by,
         person.created_by,
         person.created_at}
    ));
    return {};
}

Result<> set_person_state(
    Database& database,
    std::string const& id,
    std::string const& state,
    std::string const& reason,
    std::string const& by,
    std::int64_t at
)
{
    ECLUSE_TRY(database.run(
        "UPDATE person SET state = $1, state_reason = $2, state_by = $3, state_at = $4 "
        "WHERE id = $5",
        {state, reason, by, at, id}
    ));
    return {};
}

Result<> set_identity_verified(
    Database& database,
    std::string const& id,
    std::string const& how,
    std::string const& by,
    std::int64_t at
)
{
    ECLUSE_TRY(database.run(
        "UPDATE person SET identity_verified_at = $1, identity_verified_by = $2, "
        "identity_verified_how = $3 WHERE id = $4",
        {at, by, how, id}
    ));
    return {};
}

Result<> grant_role(
    Database& database,
    std::string const& person,
    std::string const& role,
    std::optional<std::int64_t> valid_to,
    std::string const& by,
    std::int64_t at
)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO person_role (person, role, valid_to, granted_by, granted_at) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (person, role) DO UPDATE SET "
        "valid_to = excluded.valid_to, granted_by = excluded.granted_by, "
        "granted_at = excluded.granted_at",
        {person, role, nullable(valid_to), by, at}
    ));
    return {};
}

Result<std::vector<std::pair<std::string, std::string>>>
expired_logins(Database& database, std::int64_t now)
{
    std::vector<std::pair<std::string, std::string>> found;
    // One login is enough, and a person's logins end together: one line for each role.
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT r.person AS person, r.role AS role FROM person_role r WHERE r.valid_to <= $1 "
             "AND EXISTS (SELECT 1 FROM operator_session s WHERE s.person = r.person AND "
             "s.started_at < r.valid_to AND s.expires_at > $1 AND s.ended_why IS NULL) "
             "ORDER BY r.person, r.role",
             {now}
         )))
        found.emplace_back(row.text("person"), row.text("role"));
    return found;
}

Result<std::int64_t>
revoke_role(Database& database, std::string const& person, std::string const& role)
{
    if (role == "auditor") ECLUSE_TRY(set_auditor_scope(database, person, std::nullopt));
    return database.run("DELETE FROM person_role WHERE person = $1 AND role = $2", {person, role});
}

Result<> insert_invitation(
    Database& database,
    std::string const& token_sha256,
    std::string const& person,
    std::string const& by,
    std::int64_t at,
    std::int64_t expires_at
)
{
    ECLUSE_TRY(
        database.run("DELETE FROM invitation WHERE person = $1 AND used_at IS NULL", {person})
    );
    ECLUSE_TRY(database.run(
        "INSERT INTO invitation (token_sha256, person, created_at, created_by, expires_at) "
        "VALUES ($1, $2, $3, $4, $5)",
        {token_sha256, person, at, by, expires_at}
    ));
    return {};
}

Result<std::optional<Invitation>>
find_invitation(Database& database, std::string const& token_sha256)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT person, expires_at, used_at FROM invitation WHERE token_sha256 = $1", {token_sha256}
    ));
    if (!row) return std::optional<Invitation>{};
    return std::optional{Invitation{
        row->text("person"),
        row->number("expires_at"),
        row->optional_number("used_at").has_value()}};
}

Result<> use_invitation(Database& database, std::string const& token_sha256, std::int64_t at)
{
    ECLUSE_TRY(database.run(
        "UPDATE invitation SET used_at = $1 WHERE token_sha256 = $2", {at, token_sha256}
    ));
    return {};
}

Result<json::object> list_persons(Database& database, PersonFilter const& filter, std::int64_t now)
{
    static constexpr auto select =
        "SELECT p.login AS login, p.first_name || ' ' || p.last_name AS name, v.name AS vendor, "
        "(SELECT group_concat(role, ',') FROM person_role r WHERE r.person = p.id AND "
        "(r.valid_to IS NULL OR r.valid_to > $1)) AS roles, p.state AS state, "
        "p.last_login_at AS last_login_at, p.id AS person, p.login AS page_key, p.id AS page_id "
        "FROM person p LEFT JOIN vendor v ON v.id = p.vendor";
    Paged list{select, {"p.login", "p.id", Order::Key::text_rising}, {now}};
    list.where_if(filter.vendor, "p.vendor = ?").where_if(filter.state, "p.state = ?");
    return list.page(
        database,
        filter.after,
        {{"login"},
         {"name"},
         {"vendor"},
         {"roles", As::list},
         {"state"},
         {"last_login_at", As::instant},
         {"person"}}
    );
}

Result<json::object> show_person(Database& database, std::string const& id, std::int64_t now)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT p.id AS person, p.login AS login, p.first_name AS first_name, "
        "p.last_name AS last_name, v.name AS vendor, s.name AS subcontractor, p.state AS state, "
        "p.state_reason AS state_reason, (SELECT login FROM person WHERE id = p.state_by) AS "
        "state_by, p.state_at AS state_at, p.identity_verified_at AS identity_verified_at, "
        "(SELECT login FROM person WHERE id = p.identity_verified_by) AS identity_verified_by, "
        "p.identity_verified_how AS identity_verified_how, p.language AS language, "
        "p.created_at AS created_at, p.last_login_at AS last_login_at, "
        "p.last_login_from AS last_login_from, p.failures_since AS failures_since "
        "FROM person p LEFT JOIN vendor v ON v.id = p.vendor "
        "LEFT JOIN subcontractor s ON s.id = p.subcontractor WHERE p.id = $1",
        {id}
    ));
    if (!row) return Error{Errc::not_found, "person " + id};
    auto object = shown(
        *row,
        {{"person"},
         {"login"},
         {"first_name"},
         {"last_name"},
         {"vendor"},
         {"subcontractor"},
         {"state"},
         {"state_reason"},
         {"state_by"},
         {"state_at", As::instant},
         {"identity_verified_at", As::instant},
         {"identity_verified_by"},
         {"identity_verified_how"},
         {"language"},
         {"created_at", As::instant},
         {"last_login_at", As::instant},
         {"last_login_from"},
         {"failures_since", As::number}}
    );
    object["role_rows"] = ECLUSE_TRY(shown_rows(
        database,
        "SELECT role, valid_to, (SELECT login FROM person WHERE id = granted_by) AS granted_by, "
        "granted_at FROM person_role WHERE person = $1 AND (valid_to IS NULL OR valid_to > $2)",
        {id, now},
        {{"role"}, {"valid_to", As::instant}, {"granted_by"}, {"granted_at", As::instant}}
    ));
    for (auto& role : object["role_rows"].as_array())
        if (role.at("role").as_string() == "auditor")
            role.as_object()["scope"] = ECLUSE_TRY(named_scope(database, id));
    return object;
}

Result<std::optional<std::string>> person_contact(Database& database, std::string const& id)
{
    auto const row =
        ECLUSE_TRY(database.row("SELECT contact_sealed FROM person WHERE id = $1", {id}));
    if (!row) return std::optional<std::string>{};
    return row->optional_blob("contact_sealed");
}

} // namespace ecluse::store
