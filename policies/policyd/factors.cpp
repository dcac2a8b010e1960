#include "policies/policyd/factors.h"

#include "common/bytes.h"
#include "policies/core/recovery_codes.h"
#include "policies/core/totp.h"
#include "policies/policyd/boxes.h"
#include "policies/store/database.h"
#include "policies/vault/vault.h"

namespace ecluse::policyd::factors {
namespace {

/// Authenticators of one kind that one person may have.
constexpr std::size_t authenticators_max = 64;

Result<std::vector<Row>> in_use(Store store, std::string const& person, std::string const& kind)
{
    return store.database.rows(
        "SELECT id, hash, public, secret_sealed, last_step, used_at, passkey, rp_id FROM "
        "authenticator "
        "WHERE person = $1 AND kind = $2 AND confirmed_at IS NOT NULL AND revoked_at IS NULL",
        {person, kind},
        authenticators_max
    );
}

Result<Found> find_totp(Store store, std::string const& person, std::string_view code, UtcTime now)
{
    Found found;
    for (auto const& row : ECLUSE_TRY(in_use(store, person, "totp"))) {
        auto const id = row.text("id");
        auto const secret =
            ECLUSE_TRY(store.vault.open_box(box::authenticator(id), row.blob("secret_sealed")));
        if (auto const step =
                accept_totp(secret.reveal(), code, now, row.optional_number("last_step")))
            found.code = Code{id, "totp", step};
        else if (accept_totp(secret.reveal(), code, now, std::nullopt))
            found.replayed = true;
    }
    return found;
}

Result<Found> find_recovery(Store store, std::string const& person, std::string_view code)
{
    Found found;
    auto const normal = normalize_recovery_code(code);
    if (!normal) return found;
    auto const digest = sha256(*normal);
    for (auto const& row : ECLUSE_TRY(in_use(store, person, "recovery"))) {
        auto const id = row.text("id");
        auto const kept =
            ECLUSE_TRY(store.vault.open_box(box::authenticator(id), row.blob("secret_sealed")));
        if (!equal_in_constant_time(kept.reveal(), digest)) continue;
        if (row.optional_number("used_at"))
            found.replayed = true;
        else
            found.code = Code{id, "recovery", std::nullopt};
    }
    return found;
}

} // namespace

Result<std::optional<std::string>> password_hash(Store store, std::string const& person)
{
    auto const rows = ECLUSE_TRY(in_use(store, person, "password"));
    // Two passwords at once would be two ways in.
    if (rows.size() != 1) return std::optional<std::string>{};
    return rows.front().optional_text("hash");
}

Result<bool> has_key(Store store, std::string const& person, std::string_view key)
{
    for (auto const& row : ECLUSE_TRY(in_use(store, person, "ssh_key")))
        if (row.optional_text("public") == key) return true;
    return false;
}

Result<Found> find_code(Store store, std::string const& person, std::string_view code, UtcTime now)
{
    if (looks_like_totp(code)) return find_totp(store, person, code, now);
    return find_recovery(store, person, code);
}

Result<Found> find_passkey(
    Store store,
    std::string const& person,
    PasskeyAssertion const& assertion,
    std::string_view origin
)
{
    Found found;
    for (auto const& row : ECLUSE_TRY(in_use(store, person, "passkey"))) {
        if (row.text("passkey") != to_base64(assertion.id)) continue;
        auto const counter = row.optional_number("last_step").value_or(0);
        Passkey const key{
            ECLUSE_TRY(from_base64(row.text("public"))),
            row.text("rp_id"),
            static_cast<std::uint32_t>(counter)};
        auto const verdict = judge_assertion(assertion, key, origin);
        found.replayed = verdict.fault == PasskeyFault::copied;
        if (verdict.fault != PasskeyFault::none) continue;
        found.code = Code{row.text("id"), "passkey", std::nullopt};
        if (verdict.use.counter != 0) found.code->step = verdict.use.counter;
    }
    return found;
}

Result<> consume(Store store, Code const& code, UtcTime now)
{
    auto const at = now.time_since_epoch().count();
    // Conditional on what was judged: of two attempts with one code, the second finds it used.
    auto const changed =
        code.step
            ? ECLUSE_TRY(store.database.run(
                  "UPDATE authenticator SET used_at = $1, last_step = $2 WHERE id = $3 AND "
                  "revoked_at IS NULL AND (last_step IS NULL OR last_step < $2)",
                  {at, *code.step, code.authenticator}
              ))
            // A passkey that does not count was asked something that nobody is asked twice.
            : ECLUSE_TRY(store.database.run(
                  "UPDATE authenticator SET used_at = $1 WHERE id = $2 AND revoked_at IS NULL "
                  "AND (used_at IS NULL OR kind = 'passkey')",
                  {at, code.authenticator}
              ));
    if (changed != 1) return Error{Errc::refused, "code: used meanwhile"};
    return {};
}

} // namespace ecluse::policyd::factors
