#include "common/json.h"
#include "common/loop.h"
#include "policies/config/config.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/door_certificate.h"
#include "policies/policyd/gateway_secret.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"

#include <algorithm>

/// The certificate of the RDP door: shown, renewed, and signed by the hospital's own authority
/// (CLAUSIER:O-5.2, CHM:5.1). Its key never leaves the vault but for the workers.
namespace ecluse::policyd {
namespace {

/// A packet holds 64 KiB.
constexpr std::size_t chain_bytes_max = 48 * 1024;
/// Vendors' certificates are asked for, signed and installed by hand: time for all that.
constexpr std::chrono::hours renew_before{24 * 60};

Result<json::object> described(Context& context, DoorKey const& key)
{
    auto const facts = ECLUSE_TRY(read_certificate_facts(key.chain_pem()));
    auto const left = facts.until - context.clock.decision_now();
    auto const wanted = door_names(context.config);
    bool const covers = std::all_of(wanted.begin(), wanted.end(), [&](auto const& name) {
        return std::find(facts.names.begin(), facts.names.end(), name) != facts.names.end();
    });
    return json::object{
        {"subject", facts.subject},
        {"issuer", facts.issuer},
        {"names", json::array(facts.names.begin(), facts.names.end())},
        {"from", to_iso(facts.from)},
        {"until", to_iso(facts.until)},
        {"days", std::chrono::duration_cast<std::chrono::hours>(left).count() / 24},
        {"ends_soon", left < renew_before},
        {"covers_names", covers},
        {"self_signed", facts.self_signed},
        {"fingerprint", spelled_fingerprint(facts.sha256)}};
}

Reply show(Context& context, Caller const&, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("rdp_certificate.show: fields");
    auto const key = ECLUSE_TRY(load_door_certificate(context));
    auto object = ECLUSE_TRY(described(context, key));
    object["certificate"] = key.chain_pem();
    return document(std::move(object));
}

Reply put(Context& context, Caller const& caller, DoorKey const& key, char const* how)
{
    auto const before =
        ECLUSE_TRY(read_certificate_facts(ECLUSE_TRY(load_door_certificate(context)).chain_pem()));
    auto object = ECLUSE_TRY(described(context, key));
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "secret.rotated",
         .object = door_certificate_name,
         .details =
             {{"how", how},
              {"before", spelled_fingerprint(before.sha256)},
              {"after", object.at("fingerprint")}}},
        [&] {
            return gateway_secret::put(
                context, door_certificate_name, key.private_pem(), key.chain_pem()
            );
        }
    ));
    return object;
}

/// A new key, with a certificate signed by itself. Vendors see the new fingerprint at their next
/// connection, so somebody tells them first.
Reply renew(Context& context, Caller const& caller, Request& request, Answer const& answer)
{
    if (!request.fields.empty()) return Reply::violation("rdp_certificate.renew: fields");
    auto const made = std::make_shared<Result<DoorKey>>(Error{Errc::unavailable, "key"});
    auto const names = door_names(context.config);
    auto const now = context.clock.decision_now();
    context.loop.in_pool(
        [made, names, now] { *made = DoorKey::create(names, now); },
        [&context, caller, answer, made] {
            if (!*made) return answer.complete(made->error());
            answer.complete(put(context, caller, **made, "renewed"));
        }
    );
    return Reply::later();
}

Reply take(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto chain = fields.text("certificate", chain_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const key = ECLUSE_TRY(load_door_certificate(context));
    auto const signed_key = key.with_chain(std::move(chain), context.clock.decision_now());
    if (!signed_key) return bad_value("certificate", signed_key.error().what);
    return put(context, caller, *signed_key, "imported");
}

Reply sign_request(Context& context, Caller const&, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("rdp_certificate.request: fields");
    auto const key = ECLUSE_TRY(load_door_certificate(context));
    auto const names = door_names(context.config);
    return json::object{
        {"request", ECLUSE_TRY(key.signing_request(names))},
        {"names", json::array(names.begin(), names.end())}};
}

} // namespace

void add_certificate_requests(RequestTable& table, Context& context)
{
    std::vector<std::string> const readers{"rssi", "dsi", "platform_admin", "auditor"};
    add_request(table, context, "rdp_certificate.show", {readers}, &show);
    add_request(
        table, context, "rdp_certificate.request", {{"rssi", "platform_admin"}}, &sign_request
    );
    add_request(table, context, "rdp_certificate.renew", {{"rssi"}, Access::roles, true}, &renew);
    add_request(table, context, "rdp_certificate.import", {{"rssi"}, Access::roles, true}, &take);
}

} // namespace ecluse::policyd
