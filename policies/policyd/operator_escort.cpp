#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/live.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/watches.h"
#include "policies/policyd/window_record.h"
#include "policies/store/escorts.h"
#include "policies/store/paging.h"
#include "policies/store/windows.h"

/// The hospital's person who follows a session (accompagnateur): named, then present. CHM:8.4.
namespace ecluse::policyd {
namespace {

Reply set_escort(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("window", id_bytes_max);
    auto const name = fields.text("person", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const window = ECLUSE_TRY(store::find_window(context.database, id));
    if (!window) return unknown(TextKey::operator_unknown_window, id);
    if (window->state != "requested" && window->state != "approved" && window->state != "open")
        return wrong_state(window->state);
    auto const person = ECLUSE_TRY(find_person(context, name));
    if (!person || person->vendor || person->state != "active")
        return unknown(TextKey::operator_unknown_person, name);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "window.changed",
         .object = id,
         .details =
             {{"field", "escort"}, {"before", window->escort.value_or("")}, {"after", person->id}}},
        [&] { return store::set_escort(context.database, id, person->id); }
    ));
    // Whoever was named before may watch no longer.
    context.watches.recheck(context);
    return json::object{{"window", id}, {"login", person->login}};
}

/// Whoever works at this moment reads it where they work.
void tell_sessions(Context& context, std::string const& window, TextKey sentence, Caller const& who)
{
    for (auto const& session : context.live.list())
        if (session.window == window)
            context.live.message(
                session.id, text(session.language, sentence, {{"who", printable(who.name)}})
            );
}

/// "I am here", or "I leave": whoever says so is the one who is logged in.
Reply declare(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("window", id_bytes_max);
    bool const present = fields.flag("present");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const window = ECLUSE_TRY(store::find_window(context.database, id));
    if (!window) return unknown(TextKey::operator_unknown_window, id);
    auto const record = ECLUSE_TRY(to_record(context, *window));
    auto const actor = ECLUSE_TRY(to_actor(context, caller, window->vendor));
    auto const now = seconds_now(context);
    // Who leaves is not asked whether they may.
    if (present)
        if (auto const fault = not_for_escort(record, actor, context.clock.decision_now()))
            return to_reply(*fault);
    bool const changed = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = present ? "window.escort_arrived" : "window.escort_left", .object = id},
        [&] {
            return present ? store::escort_arrives(context.database, id, caller.person, now)
                           : store::escort_leaves(context.database, id, caller.person, now);
        }
    ));
    if (!changed) return already(id);
    // Who leaves watches no longer, where it was as an escort that they did.
    context.watches.recheck(context);
    tell_sessions(
        context,
        id,
        present ? TextKey::operator_escort_arrived : TextKey::operator_escort_left,
        caller
    );
    return json::object{{"window", id}, {"present", present}};
}

json::array live_sessions(Context& context, std::string_view window)
{
    json::array sessions;
    for (auto const& session : context.live.list())
        if (session.window == window)
            sessions.push_back(json::object{
                {"session", session.id},
                {"name", session.person_name},
                {"asset", session.asset_name},
                {"account", session.account},
                {"protocol", to_code(session.protocol)},
                {"started_at", to_iso(to_seconds(session.started))},
                {"paused", session.paused},
                {"watched_by", context.watches.who_watches(session.id)}});
    return sessions;
}

/// What an escort has before them: the own windows, and what goes on in them.
Reply list(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::WindowFilter filter;
    filter.escort = caller.person;
    filter.ends_after = seconds_now(context);
    filter.after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto page = store::list_windows(context.database, filter);
    if (!page) return page_reply(std::move(page));
    for (auto& row : page->at("rows").get_array()) {
        auto& window = row.get_object();
        std::string const id{window.at("window").get_string()};
        window["presences"] = ECLUSE_TRY(store::presences_of(context.database, id));
        window["sessions"] = live_sessions(context, id);
    }
    return document(*std::move(page));
}

} // namespace

void add_escort_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "escort.set", {{"dsi"}}, &set_escort);
    add_request(table, context, "escort.list", {{"dsi", "escort"}}, &list);
    add_request(table, context, "window.escort", {{"dsi", "escort"}}, &declare);
}

} // namespace ecluse::policyd
