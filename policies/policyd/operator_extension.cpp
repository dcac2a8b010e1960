#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/live.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/window_extension.h"
#include "policies/store/extensions.h"
#include "policies/store/paging.h"
#include "policies/store/windows.h"

#include <algorithm>

/// What people ask of each other about a window: more time, a precision. The deciding is the same
/// as without the question (operator_window_act.cpp).
namespace ecluse::policyd {
namespace {

/// The window, as far as this caller may know it.
std::variant<store::Window, Reply>
reach(Context& context, Caller const& caller, std::string const& id)
{
    auto const window = store::find_window(context.database, id);
    if (!window) return Reply{window.error()};
    auto const own = vendor_of(context, caller);
    if (!own) return Reply{own.error()};
    if (!*window || (*own && **own != (*window)->vendor))
        return Reply{unknown(TextKey::operator_unknown_window, id)};
    return **window;
}

Reply ask(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("window", id_bytes_max);
    auto const typed = fields.text("closes", id_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const closes = parse_iso(typed);
    if (!closes) return bad_value("closes", closes.error().what);
    if (why.find_first_not_of(" \t\r\n") == std::string::npos) return bad_value("reason", "vide");
    auto found = reach(context, caller, id);
    if (auto* const refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& window = std::get<store::Window>(found);
    if (std::find(window.people.begin(), window.people.end(), caller.person) == window.people.end())
        return not_yours();
    auto const now = context.clock.decision_now();
    auto const until = closes->time_since_epoch().count();
    if (window.state != "open" || now.time_since_epoch().count() >= window.closes_at)
        return wrong_state(window.state == "open" ? "closed" : window.state);
    auto const longest = window.closes_at + context.config.windows.extension_max_hours * 3600;
    if (until <= window.closes_at || until > longest)
        return bad_value(
            "closes",
            to_iso(UtcTime{std::chrono::seconds{window.closes_at}}) + " … " +
                to_iso(UtcTime{std::chrono::seconds{longest}})
        );
    // Two at once would make the second answer a surprise.
    if (ECLUSE_TRY(store::waiting_extension(context.database, id))) return already(id);
    store::ExtensionRequest const asked{
        .id = random_id('X'),
        .window = id,
        .reason = why,
        .asked_by = caller.person,
        .state = "asked",
        .closes_at = until,
        .asked_at = now.time_since_epoch().count()};
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "window.extension_asked",
         .object = id,
         .details = {{"extension", asked.id}, {"closes", to_iso(*closes)}, {"reason", why}}},
        [&] { return store::insert_extension_request(context.database, asked); }
    ));
    return json::object{{"extension", asked.id}, {"window", id}, {"closes", to_iso(*closes)}};
}

Reply list(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::ExtensionFilter filter;
    filter.window = fields.optional_text("window", id_bytes_max);
    filter.state = fields.optional_text("state", id_bytes_max);
    filter.after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    filter.vendor = ECLUSE_TRY(vendor_of(context, caller));
    filter.scope = caller.scope;
    return page_reply(store::list_extension_requests(context.database, filter));
}

Fault unknown_extension(std::string const& id)
{
    return unknown(TextKey::operator_unknown_extension, id);
}

Reply accept(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("extension", id_bytes_max);
    auto const typed = fields.optional_text("closes", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const asked = ECLUSE_TRY(store::find_extension_request(context.database, id));
    if (!asked) return unknown_extension(id);
    if (asked->state != "asked") return wrong_state(asked->state);
    UtcTime closes{std::chrono::seconds{asked->closes_at}};
    if (typed) {
        auto const other = parse_iso(*typed);
        if (!other) return bad_value("closes", other.error().what);
        closes = *other;
    }
    auto const now = seconds_now(context);
    return extend_window(
        context,
        caller,
        {.window = asked->window,
         .closes = closes,
         .reason = asked->reason,
         .also = [&]() -> Result<> {
             if (!ECLUSE_TRY(store::decide_extension(
                     context.database, id, "accepted", caller.person, "", now
                 )))
                 return Error{Errc::refused, "extension: decided meanwhile"};
             return {};
         }}
    );
}

Reply refuse(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("extension", id_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const asked = ECLUSE_TRY(store::find_extension_request(context.database, id));
    if (!asked) return unknown_extension(id);
    if (asked->state != "asked") return wrong_state(asked->state);
    if (why.find_first_not_of(" \t\r\n") == std::string::npos) return bad_value("reason", "vide");
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "window.extension_refused",
         .object = asked->window,
         .details = {{"extension", id}, {"reason", why}}},
        [&]() -> Result<> {
            if (!ECLUSE_TRY(store::decide_extension(
                    context.database, id, "refused", caller.person, why, seconds_now(context)
                )))
                return Error{Errc::refused, "extension: decided meanwhile"};
            return {};
        }
    ));
    // Whoever works at this moment reads it where they work.
    for (auto const& session : context.live.list())
        if (session.window == asked->window)
            context.live.message(
                session.id,
                text(
                    session.language,
                    TextKey::operator_extension_refused,
                    {{"reason", printable(why)}}
                )
            );
    return json::object{{"extension", id}, {"window", asked->window}};
}

Reply question(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("window", id_bytes_max);
    auto const words = fields.text("question", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (words.find_first_not_of(" \t\r\n") == std::string::npos)
        return bad_value("question", "vide");
    auto found = reach(context, caller, id);
    if (auto* const refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& window = std::get<store::Window>(found);
    if (window.state != "requested") return wrong_state(window.state);
    store::Question const asked{random_id('Q'), id, words, caller.person};
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "window.question",
         .object = id,
         .details = {{"question", asked.id}, {"text", words}}},
        [&] { return store::insert_question(context.database, asked, seconds_now(context)); }
    ));
    return json::object{{"question", asked.id}, {"window", id}};
}

Reply answer(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("question", id_bytes_max);
    auto const words = fields.text("answer", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const asked = ECLUSE_TRY(store::find_question(context.database, id));
    if (!asked) return unknown(TextKey::operator_unknown_question, id);
    auto found = reach(context, caller, asked->window);
    // A question about another company's window does not exist either (WEB:AA2).
    if (std::holds_alternative<Reply>(found))
        return unknown(TextKey::operator_unknown_question, id);
    if (asked->answered) return already(id);
    if (words.find_first_not_of(" \t\r\n") == std::string::npos) return bad_value("answer", "vide");
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "window.answer",
         .object = asked->window,
         .details = {{"question", id}, {"text", words}}},
        [&]() -> Result<> {
            if (!ECLUSE_TRY(store::answer_question(
                    context.database, id, words, caller.person, seconds_now(context)
                )))
                return Error{Errc::refused, "question: answered meanwhile"};
            return {};
        }
    ));
    return json::object{{"question", id}, {"window", asked->window}};
}

} // namespace

void add_extension_requests(RequestTable& table, Context& context)
{
    std::vector<std::string> const readers{
        "technician", "vendor_manager", "dsi", "rssi", "auditor"};
    add_request(table, context, "extension.ask", {{"technician"}}, &ask);
    add_request(
        table, context, "extension.list", {.roles = readers, .limited_auditor = true}, &list
    );
    add_request(table, context, "extension.accept", {{"dsi"}}, &accept);
    add_request(table, context, "extension.refuse", {{"dsi"}}, &refuse);
    add_request(table, context, "question.ask", {{"dsi"}}, &question);
    add_request(table, context, "question.answer", {{"technician", "vendor_manager"}}, &answer);
}

} // namespace ecluse::policyd
