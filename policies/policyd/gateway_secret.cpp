#include "policies/policyd/gateway_secret.h"

#include "policies/policyd/boxes.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/store/database.h"
#include "policies/vault/vault.h"

namespace ecluse::policyd::gateway_secret {

Result<std::optional<Kept>> find(Context& context, std::string const& name)
{
    auto const row = ECLUSE_TRY(context.database.row(
        "SELECT value_sealed, public, rotated_at FROM secret WHERE name = $1", {name}
    ));
    if (!row) return std::optional<Kept>{};
    return std::optional{Kept{
        ECLUSE_TRY(context.vault.open_box(box::secret(name), row->blob("value_sealed"))),
        row->optional_text("public").value_or(""),
        row->number("rotated_at")}};
}

Result<>
put(Context& context, std::string const& name, Secret const& value, std::string const& public_half)
{
    ECLUSE_TRY(context.database.run(
        "INSERT INTO secret (name, value_sealed, public, rotated_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (name) DO UPDATE SET value_sealed = excluded.value_sealed, "
        "public = excluded.public, rotated_at = excluded.rotated_at",
        {name,
         Blob{context.vault.seal(box::secret(name), value.reveal())},
         public_half,
         to_seconds(context.clock.utc_now()).time_since_epoch().count()}
    ));
    return {};
}

} // namespace ecluse::policyd::gateway_secret
