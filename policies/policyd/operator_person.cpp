#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/core/decide.h"
#include "policies/policyd/boxes.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/people_rules.h"
#include "policies/policyd/withdrawal.h"
#include "policies/store/credentials.h"
#include "policies/store/paging.h"
#include "policies/store/vendors.h"
#include "policies/vault/vault.h"

namespace ecluse::policyd {
namespace {

/// The person named in the request, whom this caller may act upon.
std::variant<store::Person, Reply>
reach(Context& context, Caller const& caller, std::string const& name)
{
    auto const found = find_person(context, name);
    if (!found) return Reply{found.error()};
    if (!*found) return Reply{unknown(TextKey::operator_unknown_person, name)};
    auto const own = vendor_of(context, caller);
    if (!own) return Reply{own.error()};
    // Another company's person does not exist, as far as a vendor is concerned.
    if (*own && (*found)->vendor != **own)
        return Reply{unknown(TextKey::operator_unknown_person, name)};
    // The platform's administrator answers for the hospital's staff only.
    bool const hospital_side = caller.has_role("dsi") || caller.has_role("rssi");
    if (!*own && !hospital_side && caller.has_role("platform_admin") && (*found)->vendor)
        return Reply{not_yours()};
    return **found;
}

Reply invite(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("person", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, name);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& person = std::get<store::Person>(found);
    if (person.id == caller.person) return own_act();
    for (auto const& role : person.roles)
        if (!may_grant(caller.roles, role))
            return Fault{
                "E-ROL-03",
                TextKey::operator_role_grant_text,
                {},
                TextKey::operator_role_grant_remedy};
    if (person.roles.empty() || (person.state != "invited" && person.state != "active"))
        return wrong_state(person.state);
    auto const invitation = ECLUSE_TRY(make_invitation(context, caller, person));
    return json::object{
        {"login", person.login},
        {"token", invitation.token},
        {"expires_at", to_iso(invitation.expires_at)}};
}

Reply list(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto vendor = fields.optional_text("vendor", name_bytes_max);
    auto const state = fields.optional_text("state", id_bytes_max);
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (vendor) {
        auto const found = ECLUSE_TRY(store::find_vendor(context.database, *vendor));
        if (!found) return unknown(TextKey::operator_unknown_vendor, *vendor);
        vendor = found->id;
    }
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    if (own && vendor && *own != *vendor) return not_yours();
    if (own) vendor = own;
    return page_reply(store::list_persons(
        context.database, {.vendor = vendor, .state = state, .after = after}, seconds_now(context)
    ));
}

Reply show(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("person", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, name);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& person = std::get<store::Person>(found);
    auto object = ECLUSE_TRY(store::show_person(context.database, person.id, seconds_now(context)));
    if (auto const sealed = ECLUSE_TRY(store::person_contact(context.database, person.id))) {
        auto const opened =
            ECLUSE_TRY(context.vault.open_box(box::person_contact(person.id), *sealed));
        auto const contact = ECLUSE_TRY(parse_object(opened.reveal()));
        for (auto const& field : contact)
            object[field.key()] = field.value();
    }
    ECLUSE_TRY(record_view(context, caller, "person.viewed", person.id));
    return document(std::move(object));
}

Reply verify_identity(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("person", id_bytes_max);
    auto const how = fields.text("how", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, name);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& person = std::get<store::Person>(found);
    if (person.id == caller.person) return own_act();
    if (how.empty()) return bad_value("how", "vide");
    if (person.state == "archived") return wrong_state(person.state);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "person.identity_verified", .object = person.id, .details = {{"how", how}}},
        [&] {
            return store::set_identity_verified(
                context.database, person.id, how, caller.person, seconds_now(context)
            );
        }
    ));
    return json::object{{"login", person.login}};
}

struct StateChange {
    char const* to;
    char const* type;
};

/// Suspension, blocking and archiving take effect at once: tokens, keys in use, live sessions.
Reply take_away(Context& context, Caller const& caller, Request& request, StateChange const& change)
{
    Fields fields{request.fields};
    auto const name = fields.text("person", id_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, name);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& person = std::get<store::Person>(found);
    if (person.id == caller.person) return own_act();
    if (why.empty()) return bad_value("reason", "vide");
    if (person.state == "archived" || person.state == change.to) return wrong_state(person.state);
    auto const ended = ECLUSE_TRY(withdraw_account(
        context,
        caller,
        {.person = person.id,
         .before = person.state,
         .to = change.to,
         .type = change.type,
         .reason = why}
    ));
    return json::object{{"login", person.login}, {"sessions_ended", ended}};
}

Reply suspend(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return take_away(context, caller, request, {"suspended", "person.suspended"});
}
Reply block(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return take_away(context, caller, request, {"blocked", "person.blocked"});
}
Reply archive(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return take_away(context, caller, request, {"archived", "person.archived"});
}

Reply reactivate(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("person", id_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, name);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& person = std::get<store::Person>(found);
    if (person.id == caller.person) return own_act();
    if (why.empty()) return bad_value("reason", "vide");
    if (person.state != "suspended" && person.state != "blocked") return wrong_state(person.state);
    // Somebody who never finished enrolling is invited again rather than active without factors.
    auto const password = ECLUSE_TRY(store::password_history(context.database, person.id, 1));
    auto const* const to = password.empty() ? "invited" : "active";
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "person.reinstated",
         .object = person.id,
         .details = {{"before", person.state}, {"after", to}, {"reason", why}}},
        [&] {
            return store::set_person_state(
                context.database, person.id, to, why, caller.person, seconds_now(context)
            );
        }
    ));
    return json::object{{"login", person.login}, {"state", to}};
}

} // namespace

void add_person_requests(RequestTable& table, Context& context)
{
    std::vector<std::string> const keepers{"dsi", "rssi", "platform_admin"};
    std::vector<std::string> const readers{
        "dsi", "rssi", "platform_admin", "auditor", "vendor_manager"};
    add_request(table, context, "person.invite", {keepers}, &invite);
    add_request(table, context, "person.list", {readers}, &list);
    add_request(table, context, "person.show", {readers}, &show);
    add_request(table, context, "person.verify_identity", {{"dsi"}}, &verify_identity);
    // CHM:2.7: the vendor reports a departure itself, and it takes effect at once.
    add_request(
        table,
        context,
        "person.suspend",
        {{"dsi", "rssi", "platform_admin", "vendor_manager"}},
        &suspend
    );
    add_request(table, context, "person.block", {keepers}, &block);
    add_request(table, context, "person.reactivate", {{"dsi", "platform_admin"}}, &reactivate);
    add_request(table, context, "person.archive", {{"dsi", "platform_admin"}}, &archive);
}

} // namespace ecluse::policyd
