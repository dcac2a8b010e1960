#include "policies/store/assets.h"

#include "common/json.h"
#include "policies/store/listing.h"
#include "policies/store/paging.h"

namespace ecluse::store {

Result<std::optional<Asset>> find_asset(Database& database, std::string const& id_or_name)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, name, description, protocol, host, port, state, referent, usage_hours, "
        "default_open_mode, session_limit, recording_days, algorithms, security, sensitive FROM "
        "asset "
        "WHERE id = $1 OR name = $2",
        {id_or_name, id_or_name}
    ));
    if (!row) return std::optional<Asset>{};
    Asset asset;
    asset.id = row->text("id");
    asset.name = row->text("name");
    asset.description = row->text("description");
    asset.protocol = row->text("protocol");
    asset.host = row->text("host");
    asset.port = row->number("port");
    asset.state = row->text("state");
    asset.referent = row->optional_text("referent");
    asset.usage_hours = row->text("usage_hours");
    asset.default_open_mode = row->text("default_open_mode");
    asset.session_limit = row->number("session_limit");
    asset.recording_days = row->number("recording_days");
    asset.algorithms = row->optional_text("algorithms");
    asset.security = row->optional_text("security");
    asset.sensitive = row->number("sensitive") != 0;
    return std::optional{std::move(asset)};
}

Result<>
insert_asset(Database& database, Asset const& asset, std::string const& by, std::int64_t at)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO asset (id, name, description, protocol, host, port, state, referent, "
        "usage_hours, default_open_mode, session_limit, recording_days, algorithms, security, "
        "created_at, created_by) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, $13, $14, $15)",
        {asset.id,
         asset.name,
         asset.description,
         asset.protocol,
         asset.host,
         asset.port,
         asset.state,
         nullable(asset.referent),
         asset.usage_hours,
         asset.default_open_mode,
         asset.session_limit,
         asset.recording_days,
         nullable(asset.security),
         at,
         by}
    ));
    return {};
}

Result<> update_asset(Database& database, Asset const& asset)
{
    ECLUSE_TRY(database.run(
        "UPDATE asset SET state = $1, usage_hours = $2, session_limit = $3, algorithms = $4, "
        "sensitive = $5 WHERE id = $6",
        {asset.state,
         asset.usage_hours,
         asset.session_limit,
         nullable(asset.algorithms),
         std::int64_t{asset.sensitive},
         asset.id}
    ));
    return {};
}

namespace {

/// Of assets `a`; the limits are $1, the vendors, and $2, the assets.
constexpr char const* asset_in_scope =
    "(($1 IS NULL AND $2 IS NULL) OR a.id IN (SELECT value FROM json_each($2)) OR ($2 IS NULL AND "
    "EXISTS (SELECT 1 FROM vendor_asset c WHERE c.asset = a.id AND c.vendor IN (SELECT value FROM "
    "json_each($1)))))";

/// The same for a list.
void limit_assets(Paged& list, std::optional<Scope> const& scope)
{
    if (!scope) return;
    if (!scope->assets.empty())
        list.where("a.id IN (SELECT value FROM json_each(?))", assets_in(scope));
    else if (!scope->vendors.empty())
        list.where(
            "EXISTS (SELECT 1 FROM vendor_asset c WHERE c.asset = a.id AND c.vendor IN (SELECT "
            "value FROM json_each(?)))",
            vendors_in(scope)
        );
}

} // namespace

Result<bool>
asset_is_in(Database& database, std::optional<Scope> const& scope, std::string const& asset)
{
    auto const row = ECLUSE_TRY(database.row(
        std::string{"SELECT 1 AS one FROM asset a WHERE a.id = $3 AND "} + asset_in_scope,
        {vendors_in(scope), assets_in(scope), asset}
    ));
    return row.has_value();
}

Result<json::object> list_assets(
    Database& database,
    std::optional<std::string> const& vendor,
    std::optional<Scope> const& scope,
    std::optional<std::string> const& after
)
{
    Paged list{
        "SELECT a.id AS asset, a.name AS name, a.description AS description, a.protocol AS "
        "protocol, a.host AS host, a.port AS port, a.state AS state, a.sensitive AS sensitive, "
        "EXISTS (SELECT 1 FROM asset_host_key k WHERE k.asset = a.id) AS pinned, "
        "a.name AS page_key, a.id AS page_id FROM asset a",
        {"a.name", "a.id", Order::Key::text_rising}};
    list.where_if(
        vendor, "EXISTS (SELECT 1 FROM vendor_asset v WHERE v.asset = a.id AND v.vendor = ?)"
    );
    limit_assets(list, scope);
    return list.page(
        database,
        after,
        {{"asset"},
         {"name"},
         {"description"},
         {"protocol"},
         {"host"},
         {"port", As::number},
         {"state"},
         {"sensitive", As::flag},
         {"pinned", As::flag}}
    );
}

Result<json::object> show_asset(Database& database, std::string const& id)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id AS asset, name, description, protocol, host, port, security, state, "
        "(SELECT login FROM person WHERE id = referent) AS referent, usage_hours, "
        "default_open_mode AS open_mode, session_limit AS sessions, recording_days, sensitive, "
        "algorithms, created_at FROM asset WHERE id = $1",
        {id}
    ));
    if (!row) return Error{Errc::not_found, "asset " + id};
    auto object = shown(
        *row,
        {{"asset"},
         {"name"},
         {"description"},
         {"protocol"},
         {"host"},
         {"port", As::number},
         {"security"},
         {"state"},
         {"referent"},
         {"usage_hours"},
         {"open_mode"},
         {"sessions", As::number},
         {"recording_days", As::number},
         {"sensitive", As::flag},
         {"algorithms", As::object},
         {"created_at", As::instant}}
    );
    object["accounts"] = ECLUSE_TRY(shown_rows(
        database,
        "SELECT name, method, domain, public AS key, rotated_at FROM asset_account WHERE asset = "
        "$1 "
        "ORDER BY name",
        {id},
        {{"name"}, {"method"}, {"domain"}, {"key"}, {"rotated_at", As::instant}}
    ));
    object["host_keys"] = ECLUSE_TRY(shown_rows(
        database,
        "SELECT key, (SELECT login FROM person WHERE id = pinned_by) AS pinned_by, pinned_at "
        "FROM asset_host_key WHERE asset = $1 ORDER BY key",
        {id},
        {{"key"}, {"pinned_by"}, {"pinned_at", As::instant}}
    ));
    return object;
}

Result<std::vector<std::string>> host_keys(Database& database, std::string const& asset)
{
    std::vector<std::string> keys;
    for (auto const& row :
         ECLUSE_TRY(database.rows("SELECT key FROM asset_host_key WHERE asset = $1", {asset})))
        keys.push_back(row.text("key"));
    return keys;
}

Result<std::int64_t> pin_host_key(
    Database& database,
    std::string const& asset,
    std::string const& key,
    std::string const& by,
    std::int64_t at
)
{
    return database.run(
        "INSERT INTO asset_host_key (asset, key, pinned_by, pinned_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT DO NOTHING",
        {asset, key, by, at}
    );
}

Result<std::int64_t>
unpin_host_key(Database& database, std::string const& asset, std::string const& key)
{
    return database.run("DELETE FROM asset_host_key WHERE asset = $1 AND key = $2", {asset, key});
}

Result<std::optional<Account>>
find_account(Database& database, std::string const& asset, std::string const& name)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, asset, name, method, secret_sealed, public, domain FROM asset_account "
        "WHERE asset = $1 AND name = $2",
        {asset, name}
    ));
    if (!row) return std::optional<Account>{};
    return std::optional{Account{
        row->text("id"),
        row->text("asset"),
        row->text("name"),
        row->text("method"),
        row->blob("secret_sealed"),
        row->optional_text("public"),
        row->optional_text("domain")}};
}

Result<std::vector<std::string>> account_names(Database& database, std::string const& asset)
{
    std::vector<std::string> names;
    for (auto const& row : ECLUSE_TRY(
             database.rows("SELECT name FROM asset_account WHERE asset = $1 ORDER BY name", {asset})
         ))
        names.push_back(row.text("name"));
    return names;
}

Result<> put_account(Database& database, Account const& account, std::int64_t at)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO asset_account (id, asset, name, method, secret_sealed, public, domain, "
        "rotated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET "
        "method = excluded.method, secret_sealed = excluded.secret_sealed, "
        "public = excluded.public, domain = excluded.domain, rotated_at = excluded.rotated_at",
        {account.id,
         account.asset,
         account.name,
         account.method,
         Blob{account.secret_sealed},
         nullable(account.key),
         nullable(account.domain),
         at}
    ));
    return {};
}

Result<> remove_account(Database& database, std::string const& id)
{
    ECLUSE_TRY(database.run("DELETE FROM asset_account WHERE id = $1", {id}));
    return {};
}

} // namespace ecluse::store
