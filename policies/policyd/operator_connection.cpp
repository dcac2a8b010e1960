#include "common/bytes.h"
#include "common/json.h"
#include "policies/config/config.h"
#include "policies/policyd/door_certificate.h"
#include "policies/policyd/gateway_secret.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/public_key.h"

/// How people reach the doors, and what each door proves itself with: what a page shows beside the
/// line to type. Nothing here is a secret to whoever may log in.
namespace ecluse::policyd {
namespace {

Result<json::array> ssh_keys(Context& context)
{
    json::array keys;
    for (auto const* const name : {"ssh_host_ed25519", "ssh_host_rsa"}) {
        auto const kept = ECLUSE_TRY(gateway_secret::find(context, name));
        if (!kept) continue;
        auto const key = ECLUSE_TRY(parse_public_key(kept->public_half));
        keys.push_back(json::object{{"type", key.type}, {"fingerprint", key.fingerprint}});
    }
    return keys;
}

Reply show(Context& context, Caller const&, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("connection.show: fields");
    auto const& config = context.config;
    auto const rdp_name = door_names(config).front();
    auto const certificate = ECLUSE_TRY(load_door_certificate(context));
    auto const facts = ECLUSE_TRY(read_certificate_facts(certificate.chain_pem()));
    return json::object{
        {"ssh",
         {{"host", config.ssh.names.empty() ? rdp_name : config.ssh.names.front()},
          {"port", config.ssh.port},
          {"keys", ECLUSE_TRY(ssh_keys(context))}}},
        {"rdp",
         {{"host", rdp_name},
          {"port", config.rdp.port},
          {"certificate", spelled_fingerprint(facts.sha256)}}}};
}

} // namespace

void add_connection_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "connection.show", {.access = Access::logged_in}, &show);
}

} // namespace ecluse::policyd
