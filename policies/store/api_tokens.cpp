#include "policies/store/api_tokens.h"

#include "common/json.h"
#include "policies/store/listing.h"
#include "policies/store/paging.h"

#include <algorithm>

namespace ecluse::store {
namespace {

std::vector<std::string> split(std::string_view joined)
{
    std::vector<std::string> parts;
    while (!joined.empty()) {
        auto const comma = std::min(joined.find(','), joined.size());
        parts.emplace_back(joined.substr(0, comma));
        joined.remove_prefix(std::min(comma + 1, joined.size()));
    }
    return parts;
}

std::string join(std::vector<std::string> const& parts)
{
    std::string joined;
    for (auto const& part : parts)
        joined += (joined.empty() ? "" : ",") + part;
    return joined;
}

Result<std::optional<ApiToken>>
find(Database& database, std::string const& condition, std::string const& value)
{
    auto const row =
        ECLUSE_TRY(database.row("SELECT * FROM api_token WHERE " + condition + " = $1", {value}));
    if (!row) return std::optional<ApiToken>{};
    return std::optional{ApiToken{
        .id = row->text("id"),
        .token_sha256 = row->text("token_sha256"),
        .name = row->text("name"),
        .owner = row->text("owner"),
        .role = row->text("role"),
        .sources = split(row->text("sources")),
        .read_only = row->number("read_only") != 0,
        .created_at = row->number("created_at"),
        .expires_at = row->number("expires_at"),
        .used_at = row->optional_number("used_at"),
        .revoked_at = row->optional_number("revoked_at")}};
}

} // namespace

Result<> insert_api_token(Database& database, ApiToken const& token)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO api_token (id, token_sha256, name, owner, role, sources, read_only, "
        "created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {token.id,
         token.token_sha256,
         token.name,
         token.owner,
         token.role,
         join(token.sources),
         std::int64_t{token.read_only},
         token.created_at,
         token.expires_at}
    ));
    return {};
}

Result<std::optional<ApiToken>> find_api_token(Database& database, std::string const& id)
{
    return find(database, "id", id);
}

Result<std::optional<ApiToken>>
find_api_token_by_digest(Database& database, std::string const& token_sha256)
{
    return find(database, "token_sha256", token_sha256);
}

Result<bool>
revoke_api_token(Database& database, std::string const& id, Revocation const& revocation)
{
    return ECLUSE_TRY(database.run(
               "UPDATE api_token SET revoked_by = $1, revoked_reason = $2, revoked_at = $3 "
               "WHERE id = $4 AND revoked_at IS NULL",
               {revocation.by, revocation.reason, revocation.at, id}
           )) == 1;
}

Result<> note_api_token_use(
    Database& database, std::string const& id, std::int64_t at, std::string const& from
)
{
    ECLUSE_TRY(database.run(
        "UPDATE api_token SET used_at = $1, used_from = $2 WHERE id = $3", {at, from, id}
    ));
    return {};
}

Result<json::object>
list_api_tokens(Database& database, std::int64_t now, std::optional<std::string> const& after)
{
    Paged const list{
        "SELECT t.id AS api_token, t.name AS name, p.login AS login, t.role AS role, t.sources AS "
        "sources, t.read_only AS read_only, t.created_at AS created_at, t.expires_at AS "
        "expires_at, t.used_at AS used_at, t.used_from AS used_from, t.revoked_at AS revoked_at, "
        "(SELECT login FROM person WHERE id = t.revoked_by) AS revoked_by, t.revoked_reason AS "
        "revoked_reason, CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked' WHEN t.expires_at <= $1 "
        "THEN 'expired' WHEN p.state <> 'active' OR NOT EXISTS (SELECT 1 FROM person_role r WHERE "
        "r.person = t.owner AND r.role = t.role AND (r.valid_to IS NULL OR r.valid_to > $1)) THEN "
        "'withdrawn' ELSE 'active' END AS state, "
        "t.created_at AS page_key, t.id AS page_id FROM api_token t JOIN person p ON p.id = "
        "t.owner",
        {"t.created_at", "t.id"},
        {now}};
    return list.page(
        database,
        after,
        {{"api_token"},
         {"name"},
         {"login"},
         {"role"},
         {"sources", As::list},
         {"read_only", As::flag},
         {"created_at", As::instant},
         {"expires_at", As::instant},
         {"used_at", As::instant},
         {"used_from"},
         {"revoked_at", As::instant},
         {"revoked_by"},
         {"revoked_reason"},
         {"state"}}
    );
}

} // namespace ecluse::store
