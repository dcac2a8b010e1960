#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/boxes.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/live.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/sources.h"
#include "policies/store/assets.h"
#include "policies/store/paging.h"
#include "policies/store/vendors.h"
#include "policies/vault/vault.h"

namespace ecluse::policyd {
namespace {

std::optional<std::int64_t> instant(std::optional<std::string> const& text)
{
    if (!text) return std::nullopt;
    auto const at = parse_iso(*text);
    if (!at) return std::nullopt;
    return at->time_since_epoch().count();
}

Reply create(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::Vendor vendor;
    vendor.name = fields.text("name", name_bytes_max);
    vendor.contract_reference = fields.text("contract_reference", name_bytes_max);
    auto const from = instant(fields.text("contract_from", id_bytes_max));
    auto const to = instant(fields.text("contract_to", id_bytes_max));
    auto const contact = fields.optional_text("contact", name_bytes_max);
    auto const mail = fields.optional_text("contact_mail", name_bytes_max);
    auto const phone = fields.optional_text("contact_phone", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (vendor.name.find_first_not_of(" \t") == std::string::npos) return bad_value("name", "vide");
    if (!from || !to || *from >= *to) return bad_value("contract_to", "contract_from");
    if (ECLUSE_TRY(store::find_vendor(context.database, vendor.name))) return already(vendor.name);
    vendor.id = random_id('V');
    vendor.state = "active";
    vendor.contract_from = *from;
    vendor.contract_to = *to;
    json::object card;
    if (contact) card["name"] = *contact;
    if (mail) card["mail"] = *mail;
    if (phone) card["phone"] = *phone;
    auto const sealed = context.vault.seal(box::vendor_contact(vendor.id), json::serialize(card));
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "vendor.created",
         .object = vendor.id,
         .details =
             {{"name", vendor.name},
              {"contract", vendor.contract_reference},
              {"contract_from", *from},
              {"contract_to", *to}}},
        [&] {
            return store::insert_vendor(
                context.database, vendor, sealed, caller.person, seconds_now(context)
            );
        }
    ));
    return json::object{{"vendor", vendor.id}, {"name", vendor.name}};
}

/// The named vendor, as far as this caller may know it.
std::variant<store::Vendor, Reply>
reach(Context& context, Caller const& caller, std::string const& name)
{
    auto const vendor = store::find_vendor(context.database, name);
    if (!vendor) return Reply{vendor.error()};
    auto const own = vendor_of(context, caller);
    if (!own) return Reply{own.error()};
    if (!*vendor || (*own && **own != (*vendor)->id))
        return Reply{unknown(TextKey::operator_unknown_vendor, name)};
    return **vendor;
}

Reply list(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    return page_reply(store::list_vendors(context.database, own, after));
}

Reply show(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("vendor", name_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, name);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    return document(
        ECLUSE_TRY(store::show_vendor(context.database, std::get<store::Vendor>(found).id))
    );
}

struct StateChange {
    char const* from;
    char const* to;
    char const* type;
};

Reply change_state(
    Context& context, Caller const& caller, Request& request, StateChange const& change
)
{
    Fields fields{request.fields};
    auto const name = fields.text("vendor", name_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, name);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& vendor = std::get<store::Vendor>(found);
    if (why.empty()) return bad_value("reason", "vide");
    if (vendor.state != change.from) return wrong_state(vendor.state);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = change.type,
         .object = vendor.id,
         .details = {{"before", vendor.state}, {"after", change.to}, {"reason", why}}},
        [&] {
            return store::set_vendor_state(
                context.database, vendor.id, change.to, why, caller.person, seconds_now(context)
            );
        }
    ));
    std::size_t ended = 0;
    if (std::string_view{change.to} == "suspended") {
        auto ending = endings::revoked();
        ending.by = caller.person;
        ending.comment = why;
        ended = context.live.revoke_vendor(vendor.id, ending);
    }
    ECLUSE_TRY(context.sources.refresh(context));
    return json::object{{"name", vendor.name}, {"sessions_ended", ended}};
}

Reply suspend(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return change_state(context, caller, request, {"active", "suspended", "vendor.suspended"});
}
Reply reactivate(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return change_state(context, caller, request, {"suspended", "active", "vendor.reinstated"});
}

Reply contract(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("vendor", name_bytes_max);
    auto const reference = fields.optional_text("contract_reference", name_bytes_max);
    auto const from = fields.optional_text("contract_from", id_bytes_max);
    auto const to = fields.optional_text("contract_to", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, name);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const before = std::get<store::Vendor>(found);
    auto after = before;
    if (reference) after.contract_reference = *reference;
    if ((from && !instant(from)) || (to && !instant(to))) return bad_value("contract_to", "date");
    after.contract_from = instant(from).value_or(before.contract_from);
    after.contract_to = instant(to).value_or(before.contract_to);
    if (after.contract_from >= after.contract_to) return bad_value("contract_to", "contract_from");
    auto const described = [](store::Vendor const& vendor) {
        return json::object{
            {"reference", vendor.contract_reference},
            {"from", vendor.contract_from},
            {"to", vendor.contract_to}};
    };
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "vendor.changed",
         .object = before.id,
         .details = {{"before", described(before)}, {"after", described(after)}}},
        [&] { return store::set_contract(context.database, after); }
    ));
    auto const now = seconds_now(context);
    if (now < after.contract_from || now >= after.contract_to) {
        auto ending = endings::revoked();
        ending.by = caller.person;
        context.live.revoke_vendor(after.id, ending);
    }
    ECLUSE_TRY(context.sources.refresh(context));
    return json::object{{"name", after.name}};
}

Reply change_scope(Context& context, Caller const& caller, Request& request, bool adds)
{
    Fields fields{request.fields};
    auto const vendor_name = fields.text("vendor", name_bytes_max);
    auto const asset_name = fields.text("asset", name_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, vendor_name);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& vendor = std::get<store::Vendor>(found);
    auto const asset = ECLUSE_TRY(store::find_asset(context.database, asset_name));
    if (!asset) return unknown(TextKey::operator_unknown_asset, asset_name);
    bool const has = ECLUSE_TRY(store::has_asset(context.database, vendor.id, asset->id));
    if (has == adds)
        return adds ? already(asset->name) : unknown(TextKey::operator_unknown_asset, asset_name);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = adds ? "asset.assigned" : "asset.unassigned",
         .object = asset->id,
         .details = {{"vendor", vendor.id}}},
        [&]() -> Result<> {
            if (adds)
                ECLUSE_TRY(store::add_asset(context.database, vendor.id, asset->id));
            else
                ECLUSE_TRY(store::remove_asset(context.database, vendor.id, asset->id));
            return {};
        }
    ));
    if (!adds) {
        auto ending = endings::revoked();
        ending.by = caller.person;
        for (auto const& session : context.live.list())
            if (session.vendor == vendor.id && session.asset == asset->id)
                context.live.cut(session.id, ending);
    }
    return json::object{{"name", vendor.name}, {"asset", asset->name}};
}

Reply add_to_scope(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return change_scope(context, caller, request, true);
}
Reply remove_from_scope(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return change_scope(context, caller, request, false);
}

Reply declare(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("name", name_bytes_max);
    auto const vendor_name = fields.optional_text("vendor", name_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    if (!own && !vendor_name) return bad_value("vendor", "vide");
    auto found = reach(context, caller, vendor_name ? *vendor_name : *own);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    if (name.empty()) return bad_value("name", "vide");
    store::Subcontractor const subcontractor{
        random_id('T'), std::get<store::Vendor>(found).id, name, seconds_now(context), {}};
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "subcontractor.declared",
         .object = subcontractor.id,
         .details = {{"name", name}, {"vendor", subcontractor.vendor}}},
        [&] { return store::insert_subcontractor(context.database, subcontractor); }
    ));
    auto const until = UtcTime{std::chrono::seconds{subcontractor.notified_at + objection_s}};
    return json::object{
        {"subcontractor", subcontractor.id}, {"name", name}, {"until", to_iso(until)}};
}

Reply decide(
    Context& context, Caller const& caller, Request& request, char const* decision, char const* type
)
{
    Fields fields{request.fields};
    auto const id = fields.text("subcontractor", id_bytes_max);
    auto const why = fields.optional_text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const found = ECLUSE_TRY(store::find_subcontractor(context.database, id));
    if (!found) return unknown(TextKey::operator_unknown_subcontractor, id);
    if (found->decision == decision) return wrong_state(decision);
    auto const now = seconds_now(context);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = type,
         .object = id,
         .details =
             {{"before", found->decision ? json::value(*found->decision) : json::value(nullptr)},
              {"after", decision},
              {"reason", why.value_or("")}}},
        [&] {
            return store::decide_subcontractor(context.database, id, decision, caller.person, now);
        }
    ));
    return json::object{{"subcontractor", id}, {"name", found->name}};
}

Reply accept(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return decide(context, caller, request, "accepted", "subcontractor.accepted");
}
Reply object(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return decide(context, caller, request, "objected", "subcontractor.objected");
}

Reply list_subcontractors(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    return page_reply(store::list_subcontractors(context.database, own, objection_s, after));
}

} // namespace

void add_vendor_requests(RequestTable& table, Context& context)
{
    std::vector<std::string> const readers{"dsi", "rssi", "auditor", "vendor_manager"};
    std::vector<std::string> const declarers{"dsi", "vendor_manager"};
    add_request(table, context, "vendor.create", {{"dsi"}}, &create);
    add_request(table, context, "vendor.list", {readers}, &list);
    add_request(table, context, "vendor.show", {readers}, &show);
    add_request(table, context, "vendor.suspend", {{"dsi", "rssi"}}, &suspend);
    add_request(table, context, "vendor.reactivate", {{"dsi"}}, &reactivate);
    add_request(table, context, "vendor.contract", {{"dsi"}}, &contract);
    add_request(table, context, "vendor.asset_add", {{"dsi"}}, &add_to_scope);
    add_request(table, context, "vendor.asset_remove", {{"dsi"}}, &remove_from_scope);
    add_request(table, context, "subcontractor.declare", {declarers}, &declare);
    add_request(table, context, "subcontractor.accept", {{"dsi"}}, &accept);
    add_request(table, context, "subcontractor.object", {{"dsi"}}, &object);
    add_request(table, context, "subcontractor.list", {readers}, &list_subcontractors);
}

} // namespace ecluse::policyd
