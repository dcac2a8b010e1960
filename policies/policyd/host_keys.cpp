#include "policies/policyd/host_keys.h"

#include "common/json.h"
#include "policies/journal/journal.h"
#include "policies/policyd/boxes.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/store/database.h"
#include "policies/vault/ssh_key.h"
#include "policies/vault/vault.h"

namespace ecluse::policyd {
namespace {

struct Named {
    char const* name;
    Result<SshKey> (*generate)();
};
constexpr Named wanted[]{
    {"ssh_host_ed25519", &SshKey::generate_ed25519}, {"ssh_host_rsa", &SshKey::generate_rsa}};

Result<> store_key(Context& context, std::string const& name, SshKey const& key)
{
    auto const sealed = context.vault.seal(box::secret(name), key.private_text().reveal());
    auto const at = context.clock.utc_now();
    json::object const event{
        {"actor", "system"}, {"source", "local"}, {"object", name}, {"outcome", key.fingerprint()}};
    ECLUSE_TRY(context.journal.record(at, "secret.created", event, [&]() -> Result<> {
        ECLUSE_TRY(context.database.run(
            "INSERT INTO secret (name, value_sealed, public, rotated_at) VALUES ($1, $2, $3, $4)",
            {name, Blob{sealed}, key.public_line(), to_seconds(at).time_since_epoch().count()}
        ));
        return {};
    }));
    return {};
}

} // namespace

Result<> ensure_host_keys(Context& context)
{
    for (auto const& [name, generate] : wanted) {
        auto const row = ECLUSE_TRY(
            context.database.row("SELECT name FROM secret WHERE name = $1", {std::string{name}})
        );
        if (!row) ECLUSE_TRY(store_key(context, name, ECLUSE_TRY(generate())));
    }
    return {};
}

Result<std::vector<Fd>> host_key_files(Context& context)
{
    std::vector<Fd> files;
    for (auto const& [name, generate] : wanted) {
        auto const row = ECLUSE_TRY(context.database.row(
            "SELECT value_sealed FROM secret WHERE name = $1", {std::string{name}}
        ));
        if (!row) return Error{Errc::not_found, std::string{"host key "} + name};
        auto const key =
            ECLUSE_TRY(context.vault.open_box(box::secret(name), row->blob("value_sealed")));
        files.push_back(ECLUSE_TRY(memory_file(name, key.reveal())));
    }
    return files;
}

} // namespace ecluse::policyd
