#include "common/json.h"
#include "common/loop.h"
#include "policies/config/config.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/door_certificate.h"
#include "policies/policyd/gateway_secret.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/web_doors.h"

#include <algorithm>

/// The certificates of the RDP door and of the two web doors: shown, renewed, and signed by the
/// hospital's own authority (CLAUSIER:O-5.2, CHM:5.1). A key never leaves the vault but for the
/// process that serves it.
namespace ecluse::policyd {
namespace {

/// A packet holds 64 KiB.
constexpr std::size_t chain_bytes_max = 48 * 1024;
/// Vendors' certificates are asked for, signed and installed by hand: time for all that.
constexpr std::chrono::hours renew_before{24 * 60};

/// A door, its secret in the vault, and what it is called by.
struct Place {
    std::string secret;
    std::vector<std::string> names;
    std::string door; // of ecluse-web; empty: the RDP door
};

Place rdp_place(Context& context)
{
    return {door_certificate_name, door_names(context.config), {}};
}

/// The fields of a web_certificate request begin with the door.
std::optional<Place> web_place(Context& context, Fields& fields)
{
    auto const door = fields.text("door", 16);
    if (door != "portal" && door != "console") {
        fields.fault("door", "neither portal nor console");
        return std::nullopt;
    }
    return Place{web_certificate_name(door), web_names(context.config, door), door};
}

Result<json::object> described(Context& context, Place const& place, DoorKey const& key)
{
    auto const facts = ECLUSE_TRY(read_certificate_facts(key.chain_pem()));
    auto const left = facts.until - context.clock.decision_now();
    auto const& wanted = place.names;
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

Reply show_of(Context& context, Place const& place)
{
    auto const key = ECLUSE_TRY(load_certificate(context, place.secret));
    auto object = ECLUSE_TRY(described(context, place, key));
    object["certificate"] = key.chain_pem();
    return document(std::move(object));
}

Reply put(
    Context& context, Caller const& caller, Place const& place, DoorKey const& key, char const* how
)
{
    auto const held = ECLUSE_TRY(load_certificate(context, place.secret));
    auto const before = ECLUSE_TRY(read_certificate_facts(held.chain_pem()));
    auto object = ECLUSE_TRY(described(context, place, key));
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "secret.rotated",
         .object = place.secret,
         .details =
             {{"how", how},
              {"before", spelled_fingerprint(before.sha256)},
              {"after", object.at("fingerprint")}}},
        [&] {
            return gateway_secret::put(context, place.secret, key.private_pem(), key.chain_pem());
        }
    ));
    // The instance comes back at once, and gets the new one.
    if (!place.door.empty()) context.web.greet_again(place.door);
    return object;
}

/// A new key, with a certificate signed by itself. People see the new fingerprint at their next
/// connection, so somebody tells them first.
Reply renew_of(Context& context, Caller const& caller, Place const& place, Answer const& answer)
{
    auto const made = std::make_shared<Result<DoorKey>>(Error{Errc::unavailable, "key"});
    auto const now = context.clock.decision_now();
    context.loop.in_pool(
        [made, names = place.names, now] { *made = DoorKey::create(names, now); },
        [&context, caller, place, answer, made] {
            if (!*made) return answer.complete(made->error());
            answer.complete(put(context, caller, place, **made, "renewed"));
        }
    );
    return Reply::later();
}

Reply take_of(Context& context, Caller const& caller, Place const& place, std::string chain)
{
    auto const key = ECLUSE_TRY(load_certificate(context, place.secret));
    auto const signed_key = key.with_chain(std::move(chain), context.clock.decision_now());
    if (!signed_key) return bad_value("certificate", signed_key.error().what);
    return put(context, caller, place, *signed_key, "imported");
}

Reply request_of(Context& context, Place const& place)
{
    auto const key = ECLUSE_TRY(load_certificate(context, place.secret));
    return json::object{
        {"request", ECLUSE_TRY(key.signing_request(place.names))},
        {"names", json::array(place.names.begin(), place.names.end())}};
}

Reply show(Context& context, Caller const&, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("rdp_certificate.show: fields");
    return show_of(context, rdp_place(context));
}

Reply renew(Context& context, Caller const& caller, Request& request, Answer const& answer)
{
    if (!request.fields.empty()) return Reply::violation("rdp_certificate.renew: fields");
    return renew_of(context, caller, rdp_place(context), answer);
}

Reply take(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto chain = fields.text("certificate", chain_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return take_of(context, caller, rdp_place(context), std::move(chain));
}

Reply sign_request(Context& context, Caller const&, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("rdp_certificate.request: fields");
    return request_of(context, rdp_place(context));
}

Reply show_web(Context& context, Caller const&, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const place = web_place(context, fields);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return show_of(context, *place);
}

Reply renew_web(Context& context, Caller const& caller, Request& request, Answer const& answer)
{
    Fields fields{request.fields};
    auto const place = web_place(context, fields);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return renew_of(context, caller, *place, answer);
}

Reply take_web(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const place = web_place(context, fields);
    auto chain = fields.text("certificate", chain_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return take_of(context, caller, *place, std::move(chain));
}

Reply sign_request_web(Context& context, Caller const&, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const place = web_place(context, fields);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return request_of(context, *place);
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
    add_request(table, context, "web_certificate.show", {readers}, &show_web);
    add_request(
        table, context, "web_certificate.request", {{"rssi", "platform_admin"}}, &sign_request_web
    );
    add_request(
        table, context, "web_certificate.renew", {{"rssi"}, Access::roles, true}, &renew_web
    );
    add_request(
        table, context, "web_certificate.import", {{"rssi"}, Access::roles, true}, &take_web
    );
}

} // namespace ecluse::policyd
