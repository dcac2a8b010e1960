#include "policies/policyd/door_certificate.h"

#include "common/json.h"
#include "policies/config/config.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/gateway_secret.h"

#include <unistd.h>

namespace ecluse::policyd {

std::vector<std::string> door_names(Config const& config)
{
    if (!config.rdp.names.empty()) return config.rdp.names;
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return {"localhost"};
    return {name};
}

Result<> ensure_door_certificate(Context& context)
{
    if (ECLUSE_TRY(gateway_secret::find(context, door_certificate_name))) return {};
    auto const at = context.clock.utc_now();
    auto const key = ECLUSE_TRY(DoorKey::create(door_names(context.config), to_seconds(at)));
    auto const facts = ECLUSE_TRY(read_certificate_facts(key.chain_pem()));
    json::object const event{
        {"actor", "system"},
        {"source", "local"},
        {"object", door_certificate_name},
        {"outcome", spelled_fingerprint(facts.sha256)}};
    ECLUSE_TRY(context.journal.record(at, "secret.created", event, [&] {
        return gateway_secret::put(
            context, door_certificate_name, key.private_pem(), key.chain_pem()
        );
    }));
    return {};
}

Result<DoorKey> load_door_certificate(Context& context)
{
    auto const kept = ECLUSE_TRY(gateway_secret::find(context, door_certificate_name));
    if (!kept) return Error{Errc::not_found, "no certificate of the RDP door"};
    return DoorKey::load(kept->value.reveal(), kept->public_half);
}

Result<std::vector<Fd>> door_certificate_files(Context& context)
{
    auto const kept = ECLUSE_TRY(gateway_secret::find(context, door_certificate_name));
    if (!kept) return Error{Errc::not_found, "no certificate of the RDP door"};
    std::vector<Fd> files;
    files.push_back(ECLUSE_TRY(memory_file("rdp_certificate", kept->public_half)));
    files.push_back(ECLUSE_TRY(memory_file("rdp_certificate_key", kept->value.reveal())));
    return files;
}

} // namespace ecluse::policyd
