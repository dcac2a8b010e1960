#include "common/json.h"
#include "policies/config/config.h"
#include "policies/policyd/door_certificate.h"
#include "policies/policyd/gateway_secret.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/public_key.h"
#include "policies/policyd/web_doors.h"

/// How to connect: addresses and fingerprints of the doors that are open, for whoever writes an ssh
/// line or an .rdp file and compares what the first connection shows.
namespace ecluse::policyd {
namespace {

Result<json::array> host_key_fingerprints(Context& context)
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
    if (!request.fields.empty()) return Reply::violation("gateway.show: fields");
    json::object answer;
    auto const host = door_names(context.config).front();
    if (auto const ssh = context.web.listening("ssh"))
        answer["ssh"] = json::object{
            {"host", ssh->host.empty() ? host : ssh->host},
            {"port", ssh->port},
            {"host_keys", ECLUSE_TRY(host_key_fingerprints(context))}};
    if (context.web.listening("rdp")) {
        auto const key = ECLUSE_TRY(load_certificate(context, door_certificate_name));
        auto const facts = ECLUSE_TRY(read_certificate_facts(key.chain_pem()));
        // As .rdp files name it: a relay may stand before the port that listens.
        answer["rdp"] = json::object{
            {"host", host},
            {"port", context.config.rdp.port},
            {"fingerprint", spelled_fingerprint(facts.sha256)}};
    }
    return answer;
}

} // namespace

void add_gateway_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "gateway.show", {.access = Access::logged_in}, &show);
}

} // namespace ecluse::policyd
