#include "policies/policyd/evidence.h"

#include "policies/policyd/boxes.h"

namespace ecluse::policyd {
namespace {

constexpr auto name = "evidence_key";

} // namespace

Result<Evidence>
load_evidence(Database& database, Vault const& vault, std::string const& site, UtcTime now)
{
    auto const row = ECLUSE_TRY(
        database.row("SELECT value_sealed, public FROM secret WHERE name = $1", {std::string{name}})
    );
    if (row) {
        auto const pem = ECLUSE_TRY(vault.open_box(box::secret(name), row->blob("value_sealed")));
        return Evidence{ECLUSE_TRY(EvidenceKey::load(pem.reveal(), row->text("public")))};
    }
    auto key = ECLUSE_TRY(EvidenceKey::create(site, now));
    ECLUSE_TRY(database.run(
        "INSERT INTO secret (name, value_sealed, public, rotated_at) VALUES ($1, $2, $3, $4)",
        {std::string{name},
         Blob{vault.seal(box::secret(name), key.private_pem().reveal())},
         key.certificate_pem(),
         now.time_since_epoch().count()}
    ));
    return Evidence{std::move(key), true};
}

} // namespace ecluse::policyd
