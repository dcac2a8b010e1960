#include "common/bytes.h"
#include "common/json.h"
#include "common/packet.h"
#include "common/text_keys.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/reviews.h"
#include "policies/policyd/withdrawal.h"
#include "policies/store/paging.h"
#include "policies/store/reviews.h"
#include "policies/store/vendors.h"

/// Who looks over accounts, and what comes of it: the company confirms its people, the hospital
/// validates; the RSSI has the hospital's own. CHM:2.6, WEB:GA4.
namespace ecluse::policyd {
namespace {

/// The review named in the request, which this caller may see.
std::variant<store::AccessReview, Reply>
reach(Context& context, Caller const& caller, std::string const& id)
{
    auto const found = store::find_review(context.database, id);
    if (!found) return Reply{found.error()};
    auto const own = vendor_of(context, caller);
    if (!own) return Reply{own.error()};
    // Another company's review does not exist, as far as a vendor is concerned.
    if (!*found || (*own && (*found)->vendor != **own))
        return Reply{unknown(TextKey::operator_unknown_review, id)};
    return **found;
}

/// A company's manager and the DSI say who stays; of the hospital's own people the RSSI and the DSI
/// do, so that each finds somebody else who may.
bool may_decide(Caller const& caller, std::optional<std::string> const& vendor)
{
    return caller.has_role("dsi") || caller.has_role(vendor ? "vendor_manager" : "rssi");
}

bool may_validate(Caller const& caller, std::optional<std::string> const& vendor)
{
    return caller.has_role(vendor ? "dsi" : "rssi");
}

Result<std::optional<store::Vendor>> vendor_in(Context& context, store::AccessReview const& review)
{
    if (!review.vendor) return std::optional<store::Vendor>{};
    return store::find_vendor(context.database, *review.vendor);
}

/// What somebody decides on, and what the minutes keep.
Result<json::object> described(Context& context, store::AccessReview const& review)
{
    auto const vendor = ECLUSE_TRY(vendor_in(context, review));
    auto const instant = [](std::int64_t at) { return to_iso(UtcTime{std::chrono::seconds{at}}); };
    json::object object{
        {"review", review.id},
        {"vendor", vendor ? json::value(vendor->name) : json::value(nullptr)},
        {"opened_at", instant(review.opened_at)},
        {"due_at", instant(review.due_at)},
        {"validated_at",
         review.validated_at ? json::value(instant(*review.validated_at)) : json::value(nullptr)}};
    if (vendor) object["assets"] = ECLUSE_TRY(store::vendor_assets(context.database, vendor->id));
    object["rows"] =
        ECLUSE_TRY(store::review_people(context.database, review, seconds_now(context)));
    return object;
}

Reply list(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    bool const running = fields.flag("running", false);
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    return page_reply(store::list_reviews(context.database, own, running, after));
}

Reply show(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("review", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, id);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& review = std::get<store::AccessReview>(found);
    // Once it is validated, what was validated: people change.
    if (auto const minutes = ECLUSE_TRY(store::review_minutes(context.database, id)))
        return document(ECLUSE_TRY(parse_object(*minutes)));
    auto object = ECLUSE_TRY(described(context, review));
    object["decides"] = may_decide(caller, review.vendor);
    object["validates"] = may_validate(caller, review.vendor);
    return document(std::move(object));
}

Reply open(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.optional_text("vendor", name_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    std::optional<std::string> vendor;
    if (name) {
        auto const found = ECLUSE_TRY(store::find_vendor(context.database, *name));
        if (!found) return unknown(TextKey::operator_unknown_vendor, *name);
        vendor = found->id;
    }
    if (!may_validate(caller, vendor)) return not_yours();
    auto const id = ECLUSE_TRY(open_review(context, caller, vendor));
    if (!id) return already(name.value_or("-"));
    return json::object{{"review", *id}};
}

Reply decide(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::ReviewVerdict verdict;
    verdict.review = fields.text("review", id_bytes_max);
    auto const name = fields.text("person", id_bytes_max);
    verdict.verdict = fields.text("verdict", id_bytes_max);
    verdict.comment = fields.optional_text("comment", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, verdict.review);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& review = std::get<store::AccessReview>(found);
    if (!may_decide(caller, review.vendor)) return not_yours();
    if (review.validated_at) return wrong_state("validated");
    bool const removes = verdict.verdict == "remove";
    if (!removes && verdict.verdict != "keep") return bad_value("verdict", verdict.verdict);
    if (removes && verdict.comment.value_or("").find_first_not_of(" \t\r\n") == std::string::npos)
        return bad_value("comment", "vide");
    auto const person = ECLUSE_TRY(find_person(context, name));
    if (!person || person->vendor != review.vendor)
        return unknown(TextKey::operator_unknown_person, name);
    // Nobody says of the own account that it is still needed.
    if (person->id == caller.person) return own_act();
    if (!ECLUSE_TRY(store::is_reviewed_in(context.database, review.id, person->id)))
        return unknown(TextKey::operator_unknown_person, name);
    std::int64_t ended = 0;
    // The account first: should we end in between, the verdict is still to be given.
    if (removes && (person->state == "active" || person->state == "invited"))
        ended = ECLUSE_TRY(withdraw_account(
            context,
            caller,
            {.person = person->id,
             .before = person->state,
             .to = "suspended",
             .type = "person.suspended",
             .reason = *verdict.comment}
        ));
    verdict.person = person->id;
    verdict.decided_by = caller.person;
    verdict.decided_at = seconds_now(context);
    bool const running = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "review.decided",
         .object = review.id,
         .details =
             {{"person", person->id},
              {"verdict", verdict.verdict},
              {"comment", verdict.comment ? json::value(*verdict.comment) : json::value(nullptr)}}},
        [&] { return store::set_verdict(context.database, verdict); }
    ));
    if (!running) return wrong_state("validated");
    return json::object{
        {"login", person->login}, {"verdict", verdict.verdict}, {"sessions_ended", ended}};
}

Reply validate(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("review", id_bytes_max);
    auto const comment = fields.optional_text("comment", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, id);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto review = std::get<store::AccessReview>(found);
    if (!may_validate(caller, review.vendor)) return not_yours();
    if (review.validated_at) return already(id);
    if (auto const missing = ECLUSE_TRY(store::missing_verdicts(context.database, id)))
        return Fault{
            "E-REV-01",
            TextKey::operator_review_missing_text,
            {{"count", std::to_string(missing)}},
            TextKey::operator_review_missing_remedy};
    review.validated_at = seconds_now(context);
    auto minutes = ECLUSE_TRY(described(context, review));
    minutes["validated_by"] = caller.login;
    minutes["factors"] = caller.factors;
    if (comment) minutes["comment"] = *comment;
    auto const text = json::serialize(minutes);
    auto const digest = to_hex(sha256(text));
    bool const done = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "review.validated", .object = id, .details = {{"minutes_sha256", digest}}},
        [&] {
            return store::validate_review(
                context.database, id, caller.person, caller.factors, text, *review.validated_at
            );
        }
    ));
    if (!done) return already(id);
    return json::object{{"review", id}, {"minutes_sha256", digest}};
}

/// The very bytes whose digest the journal has.
Reply minutes(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("review", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, id);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const text = ECLUSE_TRY(store::review_minutes(context.database, id));
    if (!text) return wrong_state("open");
    ECLUSE_TRY(record_view(context, caller, "review.exported", id));
    std::vector<Fd> files;
    files.push_back(ECLUSE_TRY(memory_file("minutes", *text)));
    return Reply{json::object{{"review", id}, {"sha256", to_hex(sha256(*text))}}, std::move(files)};
}

} // namespace

void add_review_requests(RequestTable& table, Context& context)
{
    std::vector<std::string> const readers{"dsi", "rssi", "auditor", "vendor_manager"};
    add_request(table, context, "review.list", {readers}, &list);
    add_request(table, context, "review.show", {readers}, &show);
    add_request(table, context, "review.minutes", {readers}, &minutes);
    add_request(table, context, "review.open", {{"dsi", "rssi"}}, &open);
    add_request(table, context, "review.decide", {{"dsi", "rssi", "vendor_manager"}}, &decide);
    add_request(
        table, context, "review.validate", {.roles = {"dsi", "rssi"}, .signs = true}, &validate
    );
}

} // namespace ecluse::policyd
