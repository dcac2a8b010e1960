#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/text_keys.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/facts.h"
#include "policies/policyd/live.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/window_extension.h"
#include "policies/policyd/window_record.h"
#include "policies/policyd/windows.h"
#include "policies/store/windows.h"

#include <algorithm>

/// What people decide about windows. The rules are in policies/core/window_rules; here they meet
/// the rows, the journal and the live sessions.
namespace ecluse::policyd {
namespace {

/// A window, and what the rules make of this act on it.
struct Judged {
    store::Window window;
    WindowTimes times;
};

std::variant<Judged, Reply>
judge(Context& context, Caller const& caller, std::string const& id, WindowChange const& change)
{
    auto const window = store::find_window(context.database, id);
    if (!window) return Reply{window.error()};
    auto const own = vendor_of(context, caller);
    if (!own) return Reply{own.error()};
    if (!*window || (*own && **own != (*window)->vendor))
        return Reply{unknown(TextKey::operator_unknown_window, id)};
    auto const record = to_record(context, **window);
    if (!record) return Reply{record.error()};
    auto const actor = to_actor(context, caller, (*window)->vendor);
    if (!actor) return Reply{actor.error()};
    auto const outcome =
        transition(*record, change, *actor, context.clock.decision_now(), window_policy(context));
    if (auto const* fault = std::get_if<ecluse::Fault>(&outcome)) return Reply{to_reply(*fault)};
    return Judged{**window, std::get<WindowTimes>(outcome)};
}

json::object described(store::Window const& window)
{
    return {
        {"state", window.state},
        {"opens", to_iso(UtcTime{std::chrono::seconds{window.opens_at}})},
        {"closes", to_iso(UtcTime{std::chrono::seconds{window.closes_at}})},
        {"open_mode", window.open_mode},
        {"escort_required", window.escort_required},
        {"escort_watch", window.escort_watch},
        {"functions", json::array(window.functions.begin(), window.functions.end())}};
}

std::optional<UtcTime> instant(Fields& fields, char const* name)
{
    auto const text = fields.optional_text(name, id_bytes_max);
    if (!text) return std::nullopt;
    auto const at = parse_iso(*text);
    if (!at) fields.fault(name, at.error().what);
    return at ? std::optional{*at} : std::nullopt;
}

/// An act that takes the window, and its reason where it needs one, and nothing else.
struct Asked {
    std::string id;
    std::string why;
    Judged judged;
};

std::variant<Asked, Reply>
ask(Context& context, Caller const& caller, Request& request, WindowAct act)
{
    Fields fields{request.fields};
    auto const id = fields.text("window", id_bytes_max);
    auto const why = act == WindowAct::open ? "" : fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto judged = judge(context, caller, id, {.act = act, .reason = why});
    if (auto* refused = std::get_if<Reply>(&judged)) return std::move(*refused);
    return Asked{id, why, std::get<Judged>(std::move(judged))};
}

Reply approve(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("window", id_bytes_max);
    WindowChange change{.act = WindowAct::approve};
    change.opens = instant(fields, "opens");
    change.closes = instant(fields, "closes");
    auto const removed = fields.optional_texts("remove_function", function_words.size(), 16);
    auto const mode = fields.optional_text("open_mode", 8);
    auto const override_reason = fields.optional_text("override_reason", reason_bytes_max);
    auto const lift = fields.optional_text("report_lift", reason_bytes_max);
    bool const escort = fields.flag("escort", false);
    bool const escort_watch = fields.flag("escort_watch", false);
    auto const comment = fields.optional_text("comment", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    change.usage_hours_override = override_reason.value_or("");
    if (lift && lift->find_first_not_of(" \t\r\n") == std::string::npos)
        return bad_value("report_lift", "vide");
    change.report_lift = lift.value_or("");
    if (mode && !parse_open_mode(*mode)) return bad_value("open_mode", *mode);
    auto judged = judge(context, caller, id, change);
    if (auto* refused = std::get_if<Reply>(&judged)) return std::move(*refused);
    auto& [window, times] = std::get<Judged>(judged);
    auto const before = described(window);
    window.opens_at = times.opens.time_since_epoch().count();
    window.closes_at = times.closes.time_since_epoch().count();
    window.state = "approved";
    if (mode) window.open_mode = *mode;
    // Who must look must be there.
    if (escort || escort_watch) window.escort_required = true;
    if (escort_watch) window.escort_watch = true;
    for (auto const& function : removed)
        if (std::erase(window.functions, function) == 0)
            return bad_value("remove_function", function);
    if (window.functions.empty()) return bad_value("remove_function", "toutes");
    json::object details{{"before", before}, {"after", described(window)}};
    if (comment) details["reason"] = *comment;
    if (override_reason) details["override_reason"] = *override_reason;
    if (lift) details["report_lift"] = *lift;
    // An emergency is told apart for ever: who granted it is asked first (CLAUSIER:O-12.2.5.3).
    auto const* const type = window.emergency ? "window.emergency" : "window.approved";
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = type, .object = id, .details = std::move(details)},
        [&] {
            return store::decide_window(
                context.database,
                window,
                {.id = id,
                 .state = "approved",
                 .by = caller.person,
                 .reason = comment.value_or(""),
                 .at = seconds_now(context),
                 .override_reason = override_reason,
                 .report_lifted_reason = lift}
            );
        }
    ));
    // What was lifted is found under its own name too.
    if (lift)
        ECLUSE_TRY(record_act(
            context,
            caller,
            {.type = "window.overridden",
             .object = id,
             .details = {{"rule", "overdue_report"}, {"reason", *lift}}}
        ));
    // The RSSI is told at once: by the journal, by their console and here, where a supervision
    // listens.
    if (window.emergency) log(LogLevel::warning, "emergency granted: " + id);
    ECLUSE_TRY(context.windows.tick(context));
    return json::object{
        {"window", id}, {"opens", to_iso(times.opens)}, {"closes", to_iso(times.closes)}};
}

Reply refuse(Context& context, Caller const& caller, Request& request, Answer const&)
{
    auto asked = ask(context, caller, request, WindowAct::refuse);
    if (auto* refused = std::get_if<Reply>(&asked)) return std::move(*refused);
    auto const& [id, why, judged] = std::get<Asked>(asked);
    auto const& window = judged.window;
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "window.refused",
         .object = id,
         .details = {{"before", window.state}, {"after", "refused"}, {"reason", why}}},
        [&] {
            return store::decide_window(
                context.database,
                window,
                {.id = id,
                 .state = "refused",
                 .by = caller.person,
                 .reason = why,
                 .at = seconds_now(context),
                 .override_reason = {}}
            );
        }
    ));
    return json::object{{"window", id}};
}

Reply open(Context& context, Caller const& caller, Request& request, Answer const&)
{
    auto asked = ask(context, caller, request, WindowAct::open);
    if (auto* refused = std::get_if<Reply>(&asked)) return std::move(*refused);
    auto const& [id, why, judged] = std::get<Asked>(asked);
    auto const& [window, times] = judged;
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "window.opened",
         .object = id,
         .details = {{"before", window.state}, {"after", "open"}}},
        [&] {
            return store::open_window(context.database, id, caller.person, seconds_now(context));
        }
    ));
    return json::object{{"window", id}, {"closes", to_iso(times.closes)}};
}

Ending closing(Caller const& caller, std::string const& why)
{
    return {
        .reason = "closed_by_hospital",
        .code = "E-FEN-03",
        .text = TextKey::operator_ending_closed,
        .holes = {{"who", caller.name}, {"reason", printable(why)}},
        .by = caller.person,
        .comment = why};
}

Reply close(Context& context, Caller const& caller, Request& request, Answer const&)
{
    auto asked = ask(context, caller, request, WindowAct::close);
    if (auto* refused = std::get_if<Reply>(&asked)) return std::move(*refused);
    auto const& [id, why, judged] = std::get<Asked>(asked);
    // Closing by hand and by the clock share one road: report due, sessions ended.
    ECLUSE_TRY(context.windows.close(context, id, caller.person, why, closing(caller, why)));
    return json::object{{"window", id}};
}

Reply cancel(Context& context, Caller const& caller, Request& request, Answer const&)
{
    auto asked = ask(context, caller, request, WindowAct::cancel);
    if (auto* refused = std::get_if<Reply>(&asked)) return std::move(*refused);
    auto const& [id, why, judged] = std::get<Asked>(asked);
    auto const& window = judged.window;
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "window.cancelled",
         .object = id,
         .details = {{"before", window.state}, {"after", "cancelled"}, {"reason", why}}},
        [&] {
            return store::cancel_window(
                context.database, id, caller.person, seconds_now(context), why
            );
        }
    ));
    return json::object{{"window", id}};
}

/// A longer window lengthens neither a contract nor a declaration nor a role: each session is
/// judged anew, and one that would not be let in keeps the end that it has.
Result<std::size_t> lengthen(Context& context, LiveSession const& session, UtcTime now)
{
    auto const from = ECLUSE_TRY(SourceAddress::parse(session.source_address));
    AssetId const asset{session.asset};
    // Both factors were proved when the session began.
    Asking const asking{
        .person = session.person,
        .vendor = session.vendor,
        .from = from,
        .factors = to_factors("password+totp")};
    auto known = ECLUSE_TRY(load_facts(context, asking, asset, now));
    ecluse::Request request{.person = PersonId{session.person}, .from = from};
    for (auto const& facts : known.facts.assets)
        if (facts.id == asset) request.protocol = facts.protocol;
    request.asset = asset;
    request.account = session.account;
    request.window = WindowId{session.window};
    request.session = SessionId{session.id};
    auto const decision = policyd::judge(known, request, now);
    auto const* const granted = std::get_if<Granted>(&decision);
    if (granted == nullptr || granted->until <= session.until) return std::size_t{0};
    return context.live.extend(
        session.id, granted->until, context.clock.deadline_of(granted->until)
    );
}

Reply extend(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    ExtensionAct act{.window = fields.text("window", id_bytes_max), .closes = {}, .reason = {}};
    act.closes = instant(fields, "closes");
    act.reason = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return extend_window(context, caller, act);
}

} // namespace

Reply extend_window(Context& context, Caller const& caller, ExtensionAct const& act)
{
    auto const& id = act.window;
    WindowChange change{.act = WindowAct::extend};
    change.closes = act.closes;
    change.reason = act.reason;
    // The reason of an extension is the reason why care hours may be disturbed: said once.
    change.usage_hours_override = act.reason;
    auto judged = judge(context, caller, id, change);
    if (auto* refused = std::get_if<Reply>(&judged)) return std::move(*refused);
    auto const& [window, times] = std::get<Judged>(judged);
    auto const now = context.clock.decision_now();
    store::Extension const extension{
        .window = id,
        .reason = change.reason,
        .by = caller.person,
        .from = window.closes_at,
        .to = times.closes.time_since_epoch().count(),
        .at = now.time_since_epoch().count()};
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "window.extended",
         .object = id,
         .details =
             {{"before", to_iso(UtcTime{std::chrono::seconds{extension.from}})},
              {"after", to_iso(times.closes)},
              {"reason", change.reason}}},
        [&]() -> Result<> {
            if (act.also) ECLUSE_TRY(act.also());
            return store::extend_window(context.database, extension);
        }
    ));
    std::size_t sessions = 0;
    for (auto const& session : context.live.list())
        if (session.window == id) sessions += ECLUSE_TRY(lengthen(context, session, now));
    return json::object{{"window", id}, {"closes", to_iso(times.closes)}, {"sessions", sessions}};
}

void add_window_decisions(RequestTable& table, Context& context)
{
    add_request(table, context, "window.approve", {{"dsi"}}, &approve);
    add_request(table, context, "window.refuse", {{"dsi"}}, &refuse);
    add_request(table, context, "window.open", {{"dsi"}}, &open);
    add_request(table, context, "window.close", {{"dsi"}}, &close);
    add_request(
        table, context, "window.cancel", {{"dsi", "technician", "vendor_manager"}}, &cancel
    );
    add_request(table, context, "window.extend", {{"dsi"}}, &extend);
}

} // namespace ecluse::policyd
