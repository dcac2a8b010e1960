#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/live.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/watches.h"
#include "policies/store/paging.h"
#include "policies/store/sessions.h"
#include "policies/store/vendors.h"

/// Sessions now and before: seen, left, cut, spoken to. CLAUSIER:O-9.9, O-9.14.
namespace ecluse::policyd {
namespace {

constexpr std::size_t message_bytes_max = 500;
/// Typed by whoever ends several sessions at once; the same word in every language.
constexpr std::string_view confirmation = "COUPER";

Ending cut_by(Caller const& caller, std::string const& why)
{
    return {
        .reason = "cut",
        .code = "E-SES-03",
        .text = TextKey::operator_ending_cut,
        .holes = {{"who", caller.name}, {"reason", printable(why)}},
        .by = caller.person,
        .comment = why};
}

Reply list(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::SessionFilter filter;
    filter.window = fields.optional_text("window", id_bytes_max);
    auto const name = fields.optional_text("person", id_bytes_max);
    filter.live = fields.flag("live", false);
    filter.after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (name) {
        auto const person = ECLUSE_TRY(find_person(context, *name));
        // To a limited auditor, somebody who never worked inside and nobody are the same.
        if (!person && !caller.scope) return unknown(TextKey::operator_unknown_person, *name);
        filter.person = person ? person->id : *name;
    }
    // A technician sees his company's sessions, nobody else's.
    filter.vendor = ECLUSE_TRY(vendor_of(context, caller));
    filter.scope = caller.scope;
    return page_reply(store::list_sessions(context.database, filter));
}

Reply show(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("session", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto session = ECLUSE_TRY(store::show_session(context.database, id));
    if (!session || !ECLUSE_TRY(store::session_is_in(context.database, caller.scope, id)))
        return unknown(TextKey::operator_unknown_session, id);
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    if (own) {
        auto const vendor = ECLUSE_TRY(store::find_vendor(context.database, *own));
        if (!vendor || !session->at("vendor").is_string() ||
            session->at("vendor").get_string() != vendor->name)
            return unknown(TextKey::operator_unknown_session, id);
    }
    if (auto const* live = context.live.find(id)) {
        session->emplace("until", to_iso(live->until));
        session->emplace("paused", live->paused);
    }
    // The vendor's people know that somebody watches, not who.
    if (!own) session->emplace("watched_by", context.watches.who_watches(id));
    return document(std::move(*session));
}

Result<> journal_cut(
    Context& context, Caller const& caller, std::string const& session, std::string const& why
)
{
    return record_act(
        context, caller, {.type = "session.cut", .object = session, .details = {{"reason", why}}}
    );
}

Reply cut(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("session", id_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (why.empty()) return bad_value("reason", "vide");
    auto const* const live = context.live.find(id);
    // Whoever may watch it may stop it.
    if (!live || !may_watch(context, caller, *live))
        return unknown(TextKey::operator_unknown_session, id);
    // The order goes out even if the journal could not be written: taking access away never waits
    // for evidence, and a journal that fails ends everything anyway.
    auto const noted = journal_cut(context, caller, id, why);
    auto const ended = context.live.cut(id, cut_by(caller, why));
    if (!noted) return noted.error();
    return json::object{{"session", id}, {"sessions_ended", ended}};
}

/// SEGUR:IE.38: whoever works ends the own session, from another place than its terminal too.
Reply leave(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("session", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const* const live = context.live.find(id);
    if (!live || live->person != caller.person)
        return unknown(TextKey::operator_unknown_session, id);
    // As with a cut, the end does not wait for its line.
    auto const noted = record_act(context, caller, {.type = "session.left", .object = id});
    // Nobody cut it: the report names no other person beside it.
    auto const ended = context.live.cut(id, {"left", "", TextKey::operator_ending_left});
    if (!noted) return noted.error();
    return json::object{{"session", id}, {"sessions_ended", ended}};
}

Reply cut_many(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    bool const all = fields.flag("all", false);
    auto const vendor_name = fields.optional_text("vendor", name_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    auto const typed = fields.text("confirm", 16);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (all == vendor_name.has_value()) return bad_value("all, vendor", "");
    if (why.empty()) return bad_value("reason", "vide");
    if (typed != confirmation)
        return Fault{
            "E-SES-04",
            TextKey::operator_confirm_text,
            {{"word", std::string{confirmation}}},
            TextKey::operator_confirm_remedy};
    std::optional<std::string> vendor;
    if (vendor_name) {
        auto const found = ECLUSE_TRY(store::find_vendor(context.database, *vendor_name));
        if (!found) return unknown(TextKey::operator_unknown_vendor, *vendor_name);
        vendor = found->id;
    }
    Result<> noted;
    for (auto const& session : context.live.list())
        if (!vendor || session.vendor == *vendor)
            if (auto const done = journal_cut(context, caller, session.id, why); !done)
                noted = done.error();
    auto const ending = cut_by(caller, why);
    auto const ended =
        vendor ? context.live.revoke_vendor(*vendor, ending) : context.live.end_all(ending);
    if (!noted) return noted.error();
    return json::object{{"sessions_ended", ended}};
}

Reply message(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("session", id_bytes_max);
    auto const words = fields.text("text", message_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (!context.live.find(id)) return unknown(TextKey::operator_unknown_session, id);
    // It is shown on somebody else's terminal.
    auto const safe = printable(words, message_bytes_max);
    ECLUSE_TRY(record_act(
        context, caller, {.type = "session.message", .object = id, .details = {{"text", safe}}}
    ));
    context.live.message(id, caller.name + " : " + safe);
    return json::object{{"session", id}};
}

} // namespace

void add_session_requests(RequestTable& table, Context& context)
{
    std::vector<std::string> const readers{
        "dsi", "rssi", "auditor", "technician", "vendor_manager"};
    Allowed const seen{.roles = readers, .limited_auditor = true};
    add_request(table, context, "session.list", seen, &list);
    add_request(table, context, "session.show", seen, &show);
    add_request(table, context, "session.cut", {{"dsi", "rssi", "escort"}}, &cut);
    add_request(table, context, "session.leave", {{"technician"}}, &leave);
    add_request(table, context, "session.cut_many", {{"dsi", "rssi"}}, &cut_many);
    add_request(table, context, "session.message", {{"dsi", "rssi"}}, &message);
}

} // namespace ecluse::policyd
