#include "policies/policyd/rollback.h"

#include "common/secret.h"
#include "policies/journal/witness.h"
#include "policies/policyd/factors.h"
#include "policies/store/database.h"
#include "policies/vault/vault.h"

#include <iostream>

namespace ecluse::policyd {
namespace {

constexpr std::size_t line_bytes_max = 1024;

Secret read_line()
{
    std::string line;
    std::getline(std::cin, line);
    if (line.size() > line_bytes_max) wipe(line);
    return Secret{line};
}

/// The id of the RSSI by this login, or `refused`: which part was wrong is not said.
Result<std::string> judge_rssi(factors::Store store, std::string const& login, UtcTime now)
{
    auto const password = read_line();
    auto const code = read_line();
    Error const refused{Errc::refused, "wrong identifier, password or code, or not the RSSI"};
    auto const row = ECLUSE_TRY(store.database.row(
        "SELECT p.id AS id FROM person p JOIN person_role r ON r.person = p.id WHERE p.login = $1 "
        "AND p.state = 'active' AND r.role = 'rssi' AND (r.valid_to IS NULL OR r.valid_to > $2)",
        {login, now.time_since_epoch().count()}
    ));
    if (!row) return refused;
    auto const person = row->text("id");
    auto const hash = ECLUSE_TRY(factors::password_hash(store, person));
    auto const found = ECLUSE_TRY(factors::find_code(store, person, code.reveal(), now));
    if (!hash || !verify_password(password.reveal(), *hash) || !found.code) return refused;
    ECLUSE_TRY(factors::consume(store, *found.code, now));
    return person;
}

} // namespace

Result<> acknowledge_rollback(
    Options const& options,
    std::string const& folder,
    std::string const& witness,
    Database& database,
    Vault const& vault,
    Journal::Signer const& signer
)
{
    auto const at = utc_now();
    auto const actor = ECLUSE_TRY(judge_rssi({database, vault}, options.login, to_seconds(at)));
    Journal::Acknowledgement by{
        .at = at, .actor = actor, .source = "local", .reason = options.reason};
    if (!witness.empty())
        if (auto const last = ECLUSE_TRY(last_witnessed(witness)))
            by.witnessed_outside = to_line(*last);
    auto const journal = ECLUSE_TRY(Journal::acknowledge_rollback(folder, database, signer, by));
    // The history that goes on is now the one that is witnessed.
    if (!witness.empty())
        ECLUSE_TRY(append_witnessed(witness, {journal.chain(), journal.head(), to_iso(at)}));
    return {};
}

} // namespace ecluse::policyd
