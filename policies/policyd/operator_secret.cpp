#include "common/bytes.h"
#include "common/json.h"
#include "common/loop.h"
#include "common/text_keys.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/gateway_secret.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/public_key.h"
#include "policies/store/database.h"
#include "policies/store/listing.h"
#include "policies/vault/ssh_key.h"

/// The gateway's own secrets, and its clock.
namespace ecluse::policyd {
namespace {

Reply list(Context& context, Caller const&, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("secret.list: fields");
    auto rows = ECLUSE_TRY(store::shown_rows(
        context.database,
        "SELECT name, public, rotated_at FROM secret ORDER BY name",
        {},
        {{"name"}, {"public"}, {"rotated_at", store::As::instant}}
    ));
    for (auto& row : rows) {
        auto& object = row.as_object();
        object["fingerprint"] = nullptr;
        if (auto const* shown = object.if_contains("public"); shown && shown->is_string()) {
            if (auto const key = parse_public_key(shown->get_string()))
                object["fingerprint"] = key->fingerprint;
            else
                object["fingerprint"] = "SHA256:" + to_hex(sha256(shown->get_string()));
        }
        object.erase("public");
    }
    return json::object{{"rows", std::move(rows)}, {"more", false}};
}

/// CLAUSIER:O-5.2, CHM:5.1: without reinstalling. Vendors see the new fingerprint at their next
/// connection, so the DSI tells them first.
Reply rotate(Context& context, Caller const& caller, Request& request, Answer const& answer)
{
    Fields fields{request.fields};
    auto const name = fields.text("name", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (name != "ssh_host_ed25519" && name != "ssh_host_rsa") {
        // The key that seals evidence is kept with what it sealed; replacing it is an installation.
        auto const known =
            ECLUSE_TRY(context.database.row("SELECT name FROM secret WHERE name = $1", {name}));
        if (!known) return unknown(TextKey::operator_unknown_secret, name);
        return Fault{
            "E-SEC-01",
            TextKey::operator_secret_fixed_text,
            {{"name", name}},
            TextKey::operator_secret_fixed_remedy};
    }
    auto const made = std::make_shared<Result<SshKey>>(Error{Errc::unavailable, "key"});
    context.loop.in_pool(
        [made, name] {
            *made = name == "ssh_host_rsa" ? SshKey::generate_rsa() : SshKey::generate_ed25519();
        },
        [&context, caller, answer, made, name] {
            if (!*made) return answer.complete(made->error());
            auto const& key = **made;
            auto const written = record_act(
                context,
                caller,
                {.type = "secret.rotated",
                 .object = name,
                 .details = {{"after", key.fingerprint()}}},
                [&] {
                    return gateway_secret::put(
                        context, name, key.private_text(), key.public_line()
                    );
                }
            );
            if (!written) return answer.complete(written.error());
            answer.complete(json::object{{"name", name}, {"fingerprint", key.fingerprint()}});
        }
    );
    return Reply::later();
}

/// After a clock that ran ahead was put right: somebody takes responsibility.
Reply acknowledge_clock(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (why.empty()) return bad_value("reason", "vide");
    auto const ahead = context.clock.ahead().count();
    if (ahead == 0) return wrong_state("0 s");
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "anomaly.clock",
         .object = "clock",
         .details = {{"outcome", "acknowledged"}, {"ahead_s", ahead}, {"reason", why}}}
    ));
    context.clock.acknowledge();
    return json::object{{"ahead_s", ahead}};
}

} // namespace

void add_secret_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "secret.list", {{"rssi", "platform_admin", "auditor"}}, &list);
    add_request(table, context, "secret.rotate", {{"rssi"}, Access::roles, true}, &rotate);
    add_request(
        table, context, "clock.acknowledge", {{"rssi"}, Access::roles, true}, &acknowledge_clock
    );
}

} // namespace ecluse::policyd
