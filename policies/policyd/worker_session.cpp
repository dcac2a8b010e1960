#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/paris_time.h"
#include "common/text_keys.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/event_log.h"
#include "policies/policyd/refusal_text.h"
#include "policies/policyd/refusals.h"
#include "policies/policyd/worker_events.h"
#include "policies/policyd/worker_opening.h"
#include "policies/store/database.h"

namespace ecluse::policyd {
namespace {

constexpr std::size_t reason_bytes_max = 40;
constexpr std::size_t detail_bytes_max = 1024;

/// What a worker may give as the reason of its end.
bool is_worker_reason(std::string_view reason)
{
    constexpr std::string_view known[]{
        "window_end",
        "closed_by_hospital",
        "cut",
        "left",
        "revoked",
        "idle",
        "recorder_failed",
        "clock",
        "shutdown",
        "client_left",
        "target_left",
        "target_failed",
        "policyd_lost",
        "recorder_stalled",
        "protocol_error",
        "internal_error"};
    return std::find(std::begin(known), std::end(known), reason) != std::end(known);
}

/// How a target may fail after it was dialled. Only RDP's passwords are refused there: an SSH
/// target that refuses our key cannot be told from one that does not answer us.
std::optional<Refusal> target_failure(std::string_view given, Protocol protocol)
{
    for (auto const refusal :
         {Refusal::asset_unreachable,
          Refusal::asset_identity_changed,
          Refusal::target_refuses_account})
        if (code(refusal) == given &&
            (protocol == Protocol::rdp || refusal != Refusal::target_refuses_account))
            return refusal;
    return std::nullopt;
}

std::string filled(Ending const& ending, Language language)
{
    auto rendered = render(Fault{ending.code, ending.text, ending.holes}, language);
    std::string words{rendered["text"].get_string()};
    // The person reads the code out on the telephone.
    if (!ending.code.empty()) words += " (" + ending.code + ")";
    return words;
}

} // namespace

void WorkerRole::push_end(Ending const& ending, Language language)
{
    if (agent_) agent_->close();
    tell_page_end(ending, language);
    connection_->push(
        {{"push", "end"},
         {"reason", ending.reason},
         {"code", ending.code},
         {"text", filled(ending, language)}}
    );
}

void WorkerRole::tell_page_end(Ending const& ending, Language language) const
{
    tell_page(
        {{"say", "end"},
         {"reason", ending.reason},
         {"code", ending.code},
         {"text", filled(ending, language)}}
    );
}

void WorkerRole::push_extended(LiveSession const& session)
{
    auto const left = session.deadline - context_.clock.monotonic();
    connection_->push(
        {{"push", "extended"},
         {"until", to_iso(session.until)},
         {"left_ms", std::chrono::duration_cast<std::chrono::milliseconds>(left).count()},
         {"text",
          text(
              person_.language,
              TextKey::session_extended,
              {{"end", format_moment(session.until, person_.language)}}
          )}}
    );
}

void WorkerRole::push_message(std::string_view text)
{
    connection_->push({{"push", "message"}, {"text", text}});
}

void WorkerRole::push_paused(bool paused, std::string_view text)
{
    // A grant under way will say what is true when it is given.
    if (opening_) return;
    connection_->push({{"push", "pause"}, {"paused", paused}, {"text", text}});
    tell_page_paused(paused);
}

void WorkerRole::hang_up()
{
    connection_->close();
}

Reply WorkerRole::event(Request& request)
{
    auto const second = context_.clock.monotonic().time_since_epoch() / std::chrono::seconds{1};
    if (second != events_second_) events_in_second_ = 0;
    events_second_ = second;
    if (++events_in_second_ > events_per_second_max) {
        if (events_in_second_ == events_per_second_max + 1 && !session_.empty()) {
            journal_service(context_, "anomaly.flood", session_);
            context_.live.cut(session_, endings::flood());
        }
        return Reply::later();
    }
    auto read = read_worker_event(request.fields, protocol_);
    if (!read) return Reply::violation(read.error().what);
    if (!had_session_) return event_before_session(*read);
    if (session_.empty()) return Reply::later();
    json::object event{
        {"actor", person_.person},
        {"source", address_},
        {"object", session_},
        {"outcome", read->outcome}};
    // The detail may hold what was typed: the journal commits to it without showing it.
    event["detail_sha256"] = to_hex(sha256(json::serialize(read->detail)));
    context_.events.add(session_, read->type, std::move(event), read->detail);
    if (read->target_ready && agent_) agent_->close();
    return Reply::later();
}

/// A client may ask for a tunnel and for nothing else.
Reply WorkerRole::event_before_session(WorkerEvent const& event)
{
    if (event.type != "session.forward_refused")
        return Reply::violation("event: " + event.type + " without session");
    if (++forwards_journaled_ > forwards_journaled_max) return Reply::later();
    ECLUSE_TRY(context_.journal.record(
        context_.clock.utc_now(),
        event.type,
        json::object{
            {"actor", person_.person},
            {"source", address_},
            {"object", id_},
            {"outcome", event.outcome},
            {"detail", event.detail.at("detail")}}
    ));
    return Reply::later();
}

Reply WorkerRole::target_failed(Request& request)
{
    Fields fields{request.fields};
    auto const failure = fields.text("code", 16);
    auto const detail = fields.text("detail", detail_bytes_max);
    auto const refusal_of = target_failure(failure, protocol_);
    if (!refusal_of) fields.fault("code", "unknown");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const* const live = context_.live.find(session_);
    if (!live) return Reply::violation("target.failed: no session");
    Denied denied;
    denied.refusal = *refusal_of;
    auto const reference = ECLUSE_TRY(record_refusal(
        context_,
        {.code = failure,
         .door = door(),
         .address = address_,
         .login = person_.login,
         .person = person_.person,
         .asset = live->asset_name,
         .window = live->window,
         .detail = printable(detail)}
    ));
    json::object const event{
        {"actor", "system"},
        {"source", address_},
        {"object", session_},
        {"outcome", failure},
        {"asset", live->asset},
        {"detail", printable(detail)}};
    auto const type = *refusal_of == Refusal::asset_identity_changed ? "anomaly.target_identity"
                                                                     : "session.target_failed";
    ECLUSE_TRY(context_.journal.record(context_.clock.utc_now(), type, event));
    RefusalWords const words{
        .address = address_, .company = {}, .asset = live->asset_name, .account = live->account};
    auto refusal = refusal_object(context_, denied, words, reference, person_.language);
    tell_page_refused(refusal);
    end_session("target_failed");
    return json::object{{"refusal", std::move(refusal)}};
}

Reply WorkerRole::ended(Request& request)
{
    Fields fields{request.fields};
    auto const reason = fields.text("reason", reason_bytes_max);
    auto const in = fields.number("bytes_in", 0);
    auto const out = fields.number("bytes_out", 0);
    if (!is_worker_reason(reason)) fields.fault("reason", "unknown");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    bytes_ = {in, out};
    worker_reason_ = reason;
    if (!session_.empty()) end_session(reason);
    stage_ = Stage::leaving;
    return Reply::later();
}

void WorkerRole::end_session(std::string const& reason)
{
    auto const session = std::exchange(session_, {});
    context_.events.flush();
    auto const* const live = context_.live.find(session);
    // What we ordered explains the end better than how the worker saw it.
    bool const ordered = live && live->ending;
    auto const why = ordered ? live->end_reason : reason;
    auto const by = ordered ? live->end_by : std::string{};
    auto const comment = ordered ? live->end_comment : std::string{};
    auto const at = context_.clock.utc_now();
    json::object event{
        {"actor", by.empty() ? person_.person : by},
        {"source", address_},
        {"object", session},
        {"outcome", why}};
    if (bytes_) event["bytes_in"] = bytes_->first;
    if (bytes_) event["bytes_out"] = bytes_->second;
    auto const written = context_.journal.record(at, "session.ended", event, [&]() -> Result<> {
        ECLUSE_TRY(context_.database.run(
            "UPDATE session SET ended_ms = $1, end_reason = $2, ended_by = $3, end_comment = $4, "
            "bytes_in = $5, "
            "bytes_out = $6 WHERE id = $7",
            {at.time_since_epoch().count(),
             why,
             by.empty() ? SqlValue{} : SqlValue{by},
             comment.empty() ? SqlValue{} : SqlValue{comment},
             bytes_ ? SqlValue{bytes_->first} : SqlValue{},
             bytes_ ? SqlValue{bytes_->second} : SqlValue{},
             session}
        ));
        return {};
    });
    if (!written) log(LogLevel::error, "end " + session + ": " + written.error().what);
    if (!ordered) tell_page({{"say", "end"}, {"reason", why}, {"code", ""}, {"text", ""}});
    context_.live.remove(session);
    if (agent_) agent_->close();
    log(LogLevel::info, session + ": ended, " + why);
}

} // namespace ecluse::policyd
