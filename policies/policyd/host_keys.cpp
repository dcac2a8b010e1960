#include "policies/policyd/host_keys.h"

#include "common/json.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/gateway_secret.h"
#include "policies/store/database.h"

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
    auto const at = context.clock.utc_now();
    json::object const event{
        {"actor", "system"}, {"source", "local"}, {"object", name}, {"outcome", key.fingerprint()}};
    ECLUSE_TRY(context.journal.record(at, "secret.created", event, [&] {
        return gateway_secret::put(context, name, key.private_text(), key.public_line());
    }));
    return {};
}

} // namespace

Result<std::vector<NewHostKey>> make_missing_host_keys(Database& database)
{
    std::vector<NewHostKey> made;
    for (auto const& [name, generate] : wanted) {
        auto const row =
            ECLUSE_TRY(database.row("SELECT name FROM secret WHERE name = $1", {name}));
        if (!row) made.push_back({name, ECLUSE_TRY(generate())});
    }
    return made;
}

Result<> keep_host_keys(Context& context, std::vector<NewHostKey> const& keys)
{
    for (auto const& [name, key] : keys)
        ECLUSE_TRY(store_key(context, name, key));
    return {};
}

Result<std::vector<Fd>> host_key_files(Context& context)
{
    std::vector<Fd> files;
    for (auto const& [name, generate] : wanted) {
        auto const kept = ECLUSE_TRY(gateway_secret::find(context, name));
        if (!kept) return Error{Errc::not_found, std::string{"host key "} + name};
        files.push_back(ECLUSE_TRY(memory_file(name, kept->value.reveal())));
    }
    return files;
}

} // namespace ecluse::policyd
