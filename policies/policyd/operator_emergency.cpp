#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/window_record.h"
#include "policies/store/emergency_reviews.h"
#include "policies/store/paging.h"
#include "policies/store/windows.h"

#include <algorithm>
#include <array>

/// What becomes of an emergency once it is over: the RSSI reviews it, before the same vendor's next
/// one (docs/decisions/0020). CLAUSIER:O-12.2.5.3.
namespace ecluse::policyd {
namespace {

constexpr std::array<std::string_view, 2> verdicts{"justified", "unjustified"};

bool is_blank(std::string const& text)
{
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

Reply list(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    bool const due = fields.flag("due", false);
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return page_reply(
        store::list_emergencies(context.database, {due, caller.scope, after}, seconds_now(context))
    );
}

Reply review(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::EmergencyReview review;
    review.window = fields.text("window", id_bytes_max);
    review.happened = fields.text("happened", reason_bytes_max);
    review.verdict = fields.text("verdict", id_bytes_max);
    review.comment = fields.optional_text("comment", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (is_blank(review.happened)) return bad_value("happened", "vide");
    if (std::find(verdicts.begin(), verdicts.end(), review.verdict) == verdicts.end())
        return bad_value("verdict", review.verdict);
    // An emergency that was not one is explained to whoever granted it.
    if (review.verdict == "unjustified" && is_blank(review.comment.value_or("")))
        return bad_value("comment", "vide");
    auto const window = ECLUSE_TRY(store::find_window(context.database, review.window));
    if (!window) return unknown(TextKey::operator_unknown_window, review.window);
    auto const record = ECLUSE_TRY(to_record(context, *window));
    if (auto const fault = not_for_review(record.times, context.clock.decision_now()))
        return to_reply(*fault);
    if (window->decided_by == caller.person) return own_act();
    review.reviewed_by = caller.person;
    review.reviewed_at = seconds_now(context);
    review.factors = caller.factors;
    bool const done = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "emergency.reviewed",
         .object = review.window,
         .details =
             {{"vendor", window->vendor},
              {"verdict", review.verdict},
              {"happened", review.happened},
              {"comment", review.comment ? json::value(*review.comment) : json::value(nullptr)}}},
        [&] { return store::insert_emergency_review(context.database, review); }
    ));
    if (!done) return already(review.window);
    return json::object{{"window", review.window}, {"verdict", review.verdict}};
}

} // namespace

void add_emergency_requests(RequestTable& table, Context& context)
{
    add_request(
        table,
        context,
        "emergency.list",
        {.roles = {"dsi", "rssi", "auditor"}, .limited_auditor = true},
        &list
    );
    add_request(table, context, "emergency.review", {.roles = {"rssi"}, .signs = true}, &review);
}

} // namespace ecluse::policyd
