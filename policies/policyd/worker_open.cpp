#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/paris_time.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/door.h"
#include "policies/policyd/open_kinds.h"
#include "policies/policyd/refusal_text.h"
#include "policies/policyd/refusals.h"
#include "policies/policyd/worker_opening.h"
#include "policies/store/escorts.h"
#include "policies/store/facts.h"

namespace ecluse::policyd {
namespace {

constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t command_bytes_max = 32 * 1024;
constexpr std::int64_t channel_max = 0xffffffff;

std::int64_t left_ms(Context& context, UtcTime until)
{
    auto const left = until - context.clock.decision_now();
    return std::max<std::int64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(left).count(), 0
    );
}

Result<OpenRequest> read_open(json::object const& object, Protocol protocol)
{
    Fields fields{object};
    OpenRequest asked;
    bool const has_channels = protocol == Protocol::ssh;
    asked.channel = fields.number("channel", 0, has_channels ? channel_max : 0);
    asked.asset = fields.optional_text("asset", name_bytes_max);
    asked.account = fields.optional_text("account", name_bytes_max);
    asked.window = fields.optional_text("window", name_bytes_max);
    asked.kind = fields.text("kind", 16);
    if (has_channels) {
        (void)fields.flag("pty", false);
        asked.command = fields.optional_text("command", command_bytes_max).value_or("");
    }
    auto const* const kind = find_open_kind(asked.kind);
    if (kind && kind->protocol == protocol)
        asked.function = kind->function;
    else
        fields.fault("kind", "unknown");
    ECLUSE_TRY(fields.finish());
    return asked;
}

/// What this person could ask before naming anything.
ecluse::Request ask_as(Accepted const& person, SourceAddress const& from, Protocol protocol)
{
    return {
        PersonId{person.person},
        from,
        protocol,
        Function::menu,
        std::nullopt,
        std::nullopt,
        std::nullopt,
        std::nullopt};
}

json::object refused(json::object refusal)
{
    return {{"granted", false}, {"refusal", std::move(refusal)}};
}

} // namespace

Result<Known> WorkerRole::load(std::optional<AssetId> const& asked, UtcTime now)
{
    return load_facts(
        context_,
        {.person = person_.person,
         .vendor = person_.vendor,
         .from = ECLUSE_TRY(SourceAddress::parse(address_)),
         .factors = to_factors(person_.factors)},
        asked,
        now
    );
}

Reply WorkerRole::menu(Request& request)
{
    if (!request.fields.empty()) return Reply::violation("menu: fields");
    auto const now = context_.clock.decision_now();
    auto known = ECLUSE_TRY(load(std::nullopt, now));
    auto const asked = ask_as(person_, ECLUSE_TRY(SourceAddress::parse(address_)), protocol_);
    json::array windows;
    for (auto const& entry : menu_of(known, asked, now))
        windows.push_back(
            {{"window", entry.window.text()},
             {"asset", entry.asset.text()},
             {"asset_name", known.asset_names[entry.asset.text()]},
             {"protocol", door()},
             {"until", to_iso(entry.until)},
             {"left_ms", left_ms(context_, entry.until)},
             {"accounts", json::array(entry.accounts.begin(), entry.accounts.end())},
             {"functions", function_array(entry.permissions, protocol_)}}
        );
    json::object answer{{"windows", std::move(windows)}};
    if (!answer["windows"].get_array().empty()) return answer;
    auto const decision = judge(known, asked, now);
    auto const* const denied = std::get_if<Denied>(&decision);
    // Allowed to look and nothing to see: a window of the other door, for instance.
    auto const why = denied ? *denied : Denied{};
    auto refusal = refuse({.kind = "menu"}, known, why);
    if (auto* const success = std::get_if<Reply::Success>(&refusal.what()))
        answer["refusal"] = std::move(success->fields["refusal"]);
    return answer;
}

Reply WorkerRole::open(Request& request, Answer const& answer)
{
    auto const asked = read_open(request.fields, protocol_);
    if (!asked) return Reply::violation(asked.error().what);
    if (!opening_) return decide_open(*asked, answer);
    // One at a time: what the first grant gives, the others share.
    waiting_.push_back([this, asked = *asked, answer] {
        auto reply = decide_open(asked, answer);
        if (!std::holds_alternative<Reply::Later>(reply.what())) answer.complete(std::move(reply));
    });
    return Reply::later();
}

bool WorkerRole::names_another(
    OpenRequest const& asked,
    ecluse::Request const& request,
    std::string_view window,
    std::string_view asset,
    std::string_view account
) const
{
    return (request.asset && request.asset->text() != asset) ||
           (asked.account && *asked.account != account) ||
           (asked.window && *asked.window != window);
}

Reply WorkerRole::decide_open(OpenRequest const& asked, Answer const& answer)
{
    auto const now = context_.clock.decision_now();
    auto request = ask_as(person_, ECLUSE_TRY(SourceAddress::parse(address_)), protocol_);
    request.function = asked.function;
    if (asked.asset) {
        // A name that nobody has is refused like one that this person may not see (WEB:AA2).
        auto const found = ECLUSE_TRY(find_asset(context_.database, *asked.asset));
        request.asset = found ? *found : AssetId{*asked.asset};
    }
    // What a page cannot show it does not get, whatever stands before it asks for.
    if (seat_ && asked.function != Function::shell)
        return refuse(asked, "E-FON-01", asked.kind + " in a browser");
    auto known = ECLUSE_TRY(load(request.asset, now));
    request.account = asked.account;
    if (asked.window) request.window = WindowId{*asked.window};
    if (auto const* const live = context_.live.find(session_)) {
        if (names_another(asked, request, live->window, live->asset, live->account))
            return refuse(asked, "E-CIB-06", "second target on one connection");
        request.asset = AssetId{live->asset};
        request.account = live->account;
        request.window = WindowId{live->window};
        request.session = SessionId{live->id};
    } else if (ticket_) {
        if (names_another(asked, request, ticket_->window, ticket_->asset, ticket_->account))
            return refuse(asked, "E-CIB-06", "another target than the ticket's");
        request.asset = AssetId{ticket_->asset};
        request.account = ticket_->account;
        request.window = WindowId{ticket_->window};
    }
    auto const decision = judge(known, request, now);
    if (auto const* const denied = std::get_if<Denied>(&decision))
        return refuse(asked, known, *denied);
    auto const& granted = std::get<Granted>(decision);
    return request.session ? open_again(asked, known, granted)
                           : open_first(asked, known, granted, answer);
}

Reply WorkerRole::refuse(OpenRequest const& asked, Known& known, Denied const& denied)
{
    // A worker that waits for the hospital repeats itself every 5 s: that is one refusal, not
    // hundreds.
    bool const waits = waits_for_hospital(denied.refusal);
    bool const again = waits && waiting_for_ == denied.refusal;
    std::string reference = again ? waiting_reference_ : std::string{};
    if (reference.empty()) {
        reference = ECLUSE_TRY(record_refusal(
            context_,
            {.code = std::string{code(denied.refusal)},
             .door = door(),
             .address = address_,
             .login = person_.login,
             .person = person_.person,
             .asset = asked.asset,
             .window = denied.window ? std::optional{denied.window->text()} : std::nullopt,
             .detail = asked.kind}
        ));
        if (waits) {
            waiting_for_ = denied.refusal;
            waiting_reference_ = reference;
        }
    }
    RefusalWords const words{
        .address = address_,
        .company = known.company,
        .asset = asked.asset.value_or("-"),
        .account = asked.account.value_or("-")};
    auto refusal = refusal_object(context_, denied, words, reference, person_.language);
    tell_page_refused(refusal);
    return refused(std::move(refusal));
}

Reply WorkerRole::refuse(
    OpenRequest const& asked, std::string const& code, std::string const& detail
)
{
    auto const reference = ECLUSE_TRY(record_refusal(
        context_,
        {.code = code,
         .door = door(),
         .address = address_,
         .login = person_.login,
         .person = person_.person,
         .asset = asked.asset,
         .detail = detail}
    ));
    RefusalWords const words{
        .address = address_, .company = {}, .asset = asked.asset.value_or("-"), .account = "-"};
    auto refusal = refusal_object(context_, code, words, reference, person_.language);
    tell_page_refused(refusal);
    return refused(std::move(refusal));
}

namespace {

/// Who of the hospital is present, by name; nobody when the store cannot say.
std::vector<std::string> escorts_of(Context& context, std::string const& window)
{
    std::vector<std::string> names;
    auto const standing = store::escort_standing(
        context.database, window, context.clock.decision_now().time_since_epoch().count()
    );
    if (standing)
        for (auto const& one : standing->present)
            names.push_back(printable(one.name, 80));
    return names;
}

/// "Session S-… sur scanner-1, enregistrée, jusqu'à …": shown on every terminal that opens.
std::string start_text(Context& context, LiveSession const& session)
{
    auto start = text(
        session.language,
        TextKey::session_start,
        {{"id", session.id},
         {"target", session.asset_name},
         {"end", format_moment(session.until, session.language)}}
    );
    for (auto const& name : escorts_of(context, session.window))
        start += "\n" + text(session.language, TextKey::session_escorted, {{"who", name}});
    return session.notice.empty() ? start : start + "\n" + session.notice;
}

} // namespace

Reply WorkerRole::open_again(OpenRequest const&, Known& known, Granted const& granted)
{
    auto const* const live = context_.live.find(session_);
    auto answer = granted_object(context_, *live, granted.permissions);
    answer["asset_name"] = known.asset_names[live->asset];
    answer["first"] = false;
    return answer;
}

json::object
granted_object(Context& context, LiveSession const& session, Permissions const& permissions)
{
    json::object answer{
        {"granted", true},
        {"session", session.id},
        {"window", session.window},
        {"asset", session.asset},
        {"asset_name", session.asset_name},
        {"account", session.account},
        {"until", to_iso(session.until)},
        {"left_ms", left_ms(context, session.until)},
        {"functions", function_array(permissions, session.protocol)},
        {"start_text", start_text(context, session)},
        {"paused", session.paused},
        {"first", true}};
    if (session.protocol == Protocol::ssh)
        answer["record"] = {{"exec_budget_bytes", context.config.recording.exec_budget_bytes}};
    return answer;
}

} // namespace ecluse::policyd
