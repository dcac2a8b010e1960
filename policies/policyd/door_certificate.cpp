#include "policies/policyd/door_certificate.h"

#include "common/json.h"
#include "policies/config/config.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/gateway_secret.h"

#include <unistd.h>

namespace ecluse::policyd {

namespace {

std::vector<std::string> names_or_host(std::vector<std::string> const& names)
{
    if (!names.empty()) return names;
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return {"localhost"};
    return {name};
}

Result<> ensure(Context& context, std::string const& secret, std::vector<std::string> const& names)
{
    if (ECLUSE_TRY(gateway_secret::find(context, secret))) return {};
    auto const at = context.clock.utc_now();
    auto const key = ECLUSE_TRY(DoorKey::create(names, to_seconds(at)));
    auto const facts = ECLUSE_TRY(read_certificate_facts(key.chain_pem()));
    json::object const event{
        {"actor", "system"},
        {"source", "local"},
        {"object", secret},
        {"outcome", spelled_fingerprint(facts.sha256)}};
    ECLUSE_TRY(context.journal.record(at, "secret.created", event, [&] {
        return gateway_secret::put(context, secret, key.private_pem(), key.chain_pem());
    }));
    return {};
}

} // namespace

std::vector<std::string> door_names(Config const& config)
{
    return names_or_host(config.rdp.names);
}

std::vector<std::string> web_names(Config const& config, std::string_view door)
{
    return names_or_host(door == "portal" ? config.portal.names : config.console.names);
}

std::string web_certificate_name(std::string_view door)
{
    return std::string{door} + "_certificate";
}

Result<> ensure_door_certificates(Context& context)
{
    ECLUSE_TRY(ensure(context, door_certificate_name, door_names(context.config)));
    // Apart from each other: the portal's key is of no use on the console (WEB:GP4).
    for (auto const* const door : {"portal", "console"})
        ECLUSE_TRY(ensure(context, web_certificate_name(door), web_names(context.config, door)));
    return {};
}

Result<DoorKey> load_certificate(Context& context, std::string const& secret)
{
    auto const kept = ECLUSE_TRY(gateway_secret::find(context, secret));
    if (!kept) return Error{Errc::not_found, "no secret " + secret};
    return DoorKey::load(kept->value.reveal(), kept->public_half);
}

Result<std::vector<Fd>> certificate_files(Context& context, std::string const& secret)
{
    auto const kept = ECLUSE_TRY(gateway_secret::find(context, secret));
    if (!kept) return Error{Errc::not_found, "no secret " + secret};
    std::vector<Fd> files;
    files.push_back(ECLUSE_TRY(memory_file("certificate", kept->public_half)));
    files.push_back(ECLUSE_TRY(memory_file("certificate_key", kept->value.reveal())));
    return files;
}

} // namespace ecluse::policyd
