#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/operator_objects.h"
#include "policies/store/paging.h"
#include "policies/store/retention.h"

/// A hold keeps a recording past its term, for a complaint or a judge; it outlives whoever placed
/// it (CLAUSIER:O-6.5).
namespace ecluse::policyd {
namespace {

struct Asked {
    std::string session, reason;
};

/// The two fields of both acts, the session being one whose recording is still there.
std::variant<Asked, Reply> read(Context& context, Request& request)
{
    Fields fields{request.fields};
    Asked asked{fields.text("session", id_bytes_max), fields.text("reason", reason_bytes_max)};
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (asked.reason.find_first_not_of(" \t\r\n") == std::string::npos)
        return Reply{rule_fault(ecluse::Fault::window_reason_missing)};
    auto const kept = store::find_kept(context.database, asked.session);
    if (!kept) return Reply{kept.error()};
    if (!*kept) return Reply{unknown_recording()};
    return asked;
}

Reply place(Context& context, Caller const& caller, Request& request, Answer const&)
{
    auto asked = read(context, request);
    if (auto* refused = std::get_if<Reply>(&asked)) return std::move(*refused);
    auto const& [session, reason] = std::get<Asked>(asked);
    bool const placed = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "recording.held", .object = session, .details = {{"reason", reason}}},
        [&, &session = session, &reason = reason] {
            return store::place_hold(
                context.database, session, reason, caller.person, seconds_now(context)
            );
        }
    ));
    if (!placed) return already(session);
    return json::object{{"session", session}};
}

Reply lift(Context& context, Caller const& caller, Request& request, Answer const&)
{
    auto asked = read(context, request);
    if (auto* refused = std::get_if<Reply>(&asked)) return std::move(*refused);
    auto const& [session, reason] = std::get<Asked>(asked);
    bool const lifted = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "recording.released", .object = session, .details = {{"reason", reason}}},
        [&, &session = session, &reason = reason] {
            return store::lift_hold(
                context.database, session, reason, caller.person, seconds_now(context)
            );
        }
    ));
    if (!lifted) return wrong_state("free");
    return json::object{{"session", session}};
}

Reply list(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return page_reply(store::list_holds(context.database, caller.scope, after));
}

} // namespace

void add_hold_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "hold.place", {{"rssi"}}, &place);
    add_request(table, context, "hold.lift", {.roles = {"rssi"}, .signs = true}, &lift);
    add_request(
        table,
        context,
        "hold.list",
        {.roles = {"rssi", "auditor", "dsi", "log_manager"}, .limited_auditor = true},
        &list
    );
}

} // namespace ecluse::policyd
