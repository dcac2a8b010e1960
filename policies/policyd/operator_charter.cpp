#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/store/charters.h"
#include "policies/store/paging.h"

namespace ecluse::policyd {
namespace {

constexpr std::size_t body_bytes_max = 48 * 1024;

Reply publish(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::Charter charter;
    charter.title = fields.text("title", name_bytes_max);
    charter.body = fields.text("body", body_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (charter.body.find_first_not_of(" \t\r\n") == std::string::npos)
        return bad_value("body", "vide");
    auto const last = ECLUSE_TRY(store::find_charter(context.database, std::nullopt));
    charter.sha256 = to_hex(sha256(charter.body));
    if (last && last->sha256 == charter.sha256) return already(last->title);
    charter.version = last ? last->version + 1 : 1;
    charter.published_by = caller.person;
    charter.published_at = seconds_now(context);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "charter.published",
         .object = "charter/" + std::to_string(charter.version),
         .details = {{"title", charter.title}, {"sha256", charter.sha256}}},
        [&] { return store::insert_charter(context.database, charter); }
    ));
    return json::object{{"charter", charter.version}, {"sha256", charter.sha256}};
}

Reply show(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const version = fields.optional_number("charter", 1);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const charter = ECLUSE_TRY(store::find_charter(context.database, version));
    if (!charter)
        return unknown(TextKey::operator_unknown_charter, version ? std::to_string(*version) : "-");
    auto const at = UtcTime{std::chrono::seconds{charter->published_at}};
    auto const accepted =
        ECLUSE_TRY(store::charter_accepted_at(context.database, caller.person, charter->version));
    json::value accepted_at(nullptr);
    if (accepted) accepted_at = to_iso(UtcTime{std::chrono::seconds{*accepted}});
    return document(
        {{"charter", charter->version},
         {"title", charter->title},
         {"published_at", to_iso(at)},
         {"sha256", charter->sha256},
         {"body", charter->body},
         {"accepted_at", accepted_at}}
    );
}

Reply accept(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const version = fields.number("charter");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const charter = ECLUSE_TRY(store::find_charter(context.database, std::nullopt));
    // Accepting an older text would promise something that nobody asks any more.
    if (!charter || charter->version != version)
        return unknown(TextKey::operator_unknown_charter, std::to_string(version));
    std::int64_t accepted = 0;
    auto const written = record_act(
        context,
        caller,
        {.type = "charter.accepted",
         .object = "charter/" + std::to_string(version),
         .details = {{"sha256", charter->sha256}}},
        [&]() -> Result<> {
            accepted = ECLUSE_TRY(store::accept_charter(
                context.database, *charter, caller.person, seconds_now(context), caller.address
            ));
            if (accepted == 0) return Error{Errc::refused, "twice"};
            return {};
        }
    );
    if (!written && accepted == 0 && written.error().code == Errc::refused)
        return already(charter->title);
    if (!written) return written.error();
    return json::object{{"charter", version}, {"title", charter->title}};
}

Reply acceptances(Context& context, Caller const&, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return page_reply(store::list_acceptances(context.database, after));
}

} // namespace

void add_charter_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "charter.publish", {{"dsi", "rssi"}}, &publish);
    add_request(table, context, "charter.show", {.access = Access::logged_in}, &show);
    add_request(table, context, "charter.accept", {.access = Access::logged_in}, &accept);
    add_request(table, context, "charter.acceptances", {{"dsi", "rssi", "auditor"}}, &acceptances);
}

} // namespace ecluse::policyd
