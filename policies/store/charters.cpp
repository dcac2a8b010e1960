#include "policies/store/charters.h"

#include "common/json.h"
#include "policies/store/listing.h"
#include "policies/store/paging.h"

namespace ecluse::store {

Result<std::optional<Charter>> find_charter(Database& database, std::optional<std::int64_t> version)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT version, title, body, sha256, published_by, published_at FROM charter "
        "WHERE ($1 IS NULL OR version = $2) ORDER BY version DESC LIMIT 1",
        {nullable(version), nullable(version)}
    ));
    if (!row) return std::optional<Charter>{};
    return std::optional{Charter{
        row->number("version"),
        row->number("published_at"),
        row->text("title"),
        row->text("body"),
        row->text("sha256"),
        row->text("published_by")}};
}

Result<> insert_charter(Database& database, Charter const& charter)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO charter (version, title, body, sha256, published_by, published_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        {charter.version,
         charter.title,
         charter.body,
         charter.sha256,
         charter.published_by,
         charter.published_at}
    ));
    return {};
}

Result<std::int64_t> accept_charter(
    Database& database,
    Charter const& charter,
    std::string const& person,
    std::int64_t at,
    std::string const& address
)
{
    return database.run(
        "INSERT INTO charter_acceptance (charter, person, sha256, accepted_at, address) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        {charter.version, person, charter.sha256, at, address}
    );
}

Result<std::optional<std::int64_t>>
charter_accepted_at(Database& database, std::string const& person, std::int64_t version)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT accepted_at FROM charter_acceptance WHERE person = $1 AND charter = $2",
        {person, version}
    ));
    if (!row) return std::optional<std::int64_t>{};
    return std::optional{row->number("accepted_at")};
}

Result<json::object> list_acceptances(Database& database, std::optional<std::string> const& after)
{
    Paged const list{
        "SELECT p.login AS login, p.first_name || ' ' || p.last_name AS name, c.charter AS "
        "charter, c.accepted_at AS accepted_at, c.address AS source, c.sha256 AS sha256, "
        "c.accepted_at AS page_key, c.person || '/' || c.charter AS page_id "
        "FROM charter_acceptance c JOIN person p ON p.id = c.person",
        {"c.accepted_at", "c.person || '/' || c.charter"}};
    return list.page(
        database,
        after,
        {{"login"},
         {"name"},
         {"charter", As::number},
         {"accepted_at", As::instant},
         {"source"},
         {"sha256"}}
    );
}

} // namespace ecluse::store
