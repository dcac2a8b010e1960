#include "policies/store/credentials.h"

#include "common/json.h"
#include "policies/store/listing.h"

namespace ecluse::store {

Result<> insert_credential(Database& database, NewCredential const& credential)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO authenticator (id, person, kind, hash, public, secret_sealed, label, "
        "last_step, created_at, confirmed_at, passkey, rp_id) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        {credential.id,
         credential.person,
         credential.kind,
         nullable(credential.hash),
         nullable(credential.key),
         credential.secret_sealed ? SqlValue{Blob{*credential.secret_sealed}} : SqlValue{},
         nullable(credential.label),
         nullable(credential.last_step),
         credential.created_at,
         nullable(credential.confirmed_at),
         nullable(credential.passkey),
         nullable(credential.rp_id)}
    ));
    return {};
}

Result<std::int64_t> revoke_credentials(
    Database& database, std::string const& person, std::string const& kind, std::int64_t at
)
{
    return database.run(
        "UPDATE authenticator SET revoked_at = $1 WHERE person = $2 AND kind = $3 AND "
        "revoked_at IS NULL",
        {at, person, kind}
    );
}

Result<std::int64_t> revoke_credential(Database& database, std::string const& id, std::int64_t at)
{
    return database.run(
        "UPDATE authenticator SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL", {at, id}
    );
}

Result<std::optional<PendingTotp>> pending_totp(Database& database, std::string const& person)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, secret_sealed FROM authenticator WHERE person = $1 AND kind = 'totp' AND "
        "confirmed_at IS NULL AND revoked_at IS NULL ORDER BY created_at DESC, id LIMIT 1",
        {person}
    ));
    if (!row) return std::optional<PendingTotp>{};
    return std::optional{PendingTotp{row->text("id"), row->blob("secret_sealed")}};
}

Result<> confirm_totp(
    Database& database,
    std::string const& person,
    std::string const& id,
    std::int64_t step,
    std::int64_t at
)
{
    ECLUSE_TRY(database.run(
        "UPDATE authenticator SET revoked_at = $1 WHERE person = $2 AND kind = 'totp' AND "
        "revoked_at IS NULL AND id <> $3",
        {at, person, id}
    ));
    ECLUSE_TRY(database.run(
        "UPDATE authenticator SET confirmed_at = $1, last_step = $2 WHERE id = $3", {at, step, id}
    ));
    return {};
}

Result<std::int64_t>
confirm_password(Database& database, std::string const& person, std::int64_t at)
{
    ECLUSE_TRY(database.run(
        "UPDATE authenticator SET revoked_at = $1 WHERE person = $2 AND kind = 'password' AND "
        "revoked_at IS NULL AND confirmed_at IS NOT NULL",
        {at, person}
    ));
    return database.run(
        "UPDATE authenticator SET confirmed_at = $1 WHERE person = $2 AND kind = 'password' AND "
        "revoked_at IS NULL AND confirmed_at IS NULL",
        {at, person}
    );
}

Result<> drop_pending_password(Database& database, std::string const& person)
{
    ECLUSE_TRY(database.run(
        "DELETE FROM authenticator WHERE person = $1 AND kind = 'password' AND confirmed_at IS "
        "NULL",
        {person}
    ));
    return {};
}

Result<> drop_pending_totp(Database& database, std::string const& person)
{
    ECLUSE_TRY(database.run(
        "DELETE FROM authenticator WHERE person = $1 AND kind = 'totp' AND confirmed_at IS NULL",
        {person}
    ));
    return {};
}

Result<std::vector<std::string>>
password_history(Database& database, std::string const& person, std::int64_t count)
{
    std::vector<std::string> hashes;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT hash FROM authenticator WHERE person = $1 AND kind = 'password' "
             "ORDER BY created_at DESC, id LIMIT $2",
             {person, count}
         )))
        hashes.push_back(row.text("hash"));
    return hashes;
}

Result<std::optional<std::int64_t>>
password_chosen_at(Database& database, std::string const& person)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT min(created_at) AS chosen_at FROM authenticator WHERE person = $1 AND "
        "kind = 'password' AND confirmed_at IS NOT NULL AND revoked_at IS NULL",
        {person}
    ));
    return row ? row->optional_number("chosen_at") : std::nullopt;
}

Result<std::optional<OwnKey>> find_key(Database& database, std::string const& id)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, person, kind FROM authenticator WHERE id = $1 AND "
        "kind IN ('ssh_key', 'passkey') AND revoked_at IS NULL",
        {id}
    ));
    if (!row) return std::optional<OwnKey>{};
    return std::optional{OwnKey{row->text("id"), row->text("person"), row->text("kind")}};
}

Result<json::array> passkey_names(Database& database, std::string const& person)
{
    json::array names;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT passkey FROM authenticator WHERE person = $1 AND kind = 'passkey' AND "
             "revoked_at IS NULL ORDER BY created_at, id",
             {person}
         )))
        names.emplace_back(row.text("passkey"));
    return names;
}

Result<std::optional<std::string>> passkey_owner(Database& database, std::string const& name)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT person FROM authenticator WHERE passkey = $1 AND revoked_at IS NULL", {name}
    ));
    if (!row) return std::optional<std::string>{};
    return std::optional{row->text("person")};
}

Result<std::optional<std::string>> ssh_key_owner(Database& database, std::string const& key)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT person FROM authenticator WHERE public = $1 AND kind = 'ssh_key' AND "
        "revoked_at IS NULL",
        {key}
    ));
    if (!row) return std::optional<std::string>{};
    return std::optional{row->text("person")};
}

Result<json::object> list_credentials(Database& database, std::string const& person)
{
    auto rows = ECLUSE_TRY(shown_rows(
        database,
        "SELECT id AS credential, kind, label, public AS key, created_at, confirmed_at, used_at "
        "FROM authenticator WHERE person = $1 AND revoked_at IS NULL AND kind <> 'recovery' "
        "ORDER BY created_at, id",
        {person},
        {{"credential"},
         {"kind"},
         {"label"},
         {"key"},
         {"created_at", As::instant},
         {"confirmed_at", As::instant},
         {"used_at", As::instant}}
    ));
    return json::object{{"rows", std::move(rows)}, {"more", false}};
}

} // namespace ecluse::store
