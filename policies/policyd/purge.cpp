#include "policies/policyd/purge.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "policies/config/config.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/recorder_link.h"
#include "policies/store/retention.h"
#include "policies/vault/evidence_key.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

using namespace std::chrono;

/// Events of one round: a transaction that nobody waits for.
constexpr std::int64_t journal_batch = 20'000;

RetentionPolicy policy_of(Context const& context)
{
    return {.recordings = days{context.config.recording.retention_days}};
}

/// Exactly the spelling of docs/formats/recording.md: the recorder writes it again and compares.
std::string
certificate_of(store::Purgeable const& recording, RetentionPolicy const& policy, UtcTime now)
{
    auto const kept = std::max(policy.recordings, recording.facts.asset_floor.value_or(days{0}));
    json::object const object{
        {"format", "ecluse-purge-1"},
        {"session", recording.session},
        {"header_sha256", recording.header_sha256},
        {"seal_sha256", recording.seal_sha256},
        {"ended", to_iso(recording.facts.ended)},
        {"kept_days", kept.count()},
        {"purged", to_iso(now)}};
    return json::serialize(object) + "\n";
}

json::object event_of(std::string const& session, json::object details)
{
    details["actor"] = "system";
    details["source"] = "local";
    details["object"] = session;
    return details;
}

} // namespace

void Purge::start(Context& context)
{
    context_ = &context;
    first_ = context.loop.after(first_after, [this] { round(); });
    hourly_ = context.loop.every(period, [this] { round(); });
}

void Purge::round()
{
    if (busy_) return;
    erase_journal();
    left_ = round_max;
    next();
}

void Purge::erase_journal()
{
    auto const now = context_->clock.decision_now();
    auto before = now - days{context_->config.recording.journal_days};
    // 18 months have up to 550 days: the longer of both counts.
    while (journal_kept_until(before, policy_of(*context_)) > now)
        before -= days{1};
    // The event that tells of it is written in the same transaction, and is not old.
    json::object event{
        {"actor", "system"},
        {"source", "local"},
        {"object", "journal"},
        {"outcome", "term"},
        {"before", to_iso(before)}};
    auto const found = store::count_journal_before(context_->database, before, journal_batch);
    if (!found) return log(LogLevel::error, "journal's term: " + found.error().what);
    if (found->events == 0) return;
    event["events"] = found->events;
    event["last_sequence"] = found->last_sequence;
    auto const written =
        context_->journal.record(context_->clock.utc_now(), "journal.purged", event, [&] {
            return store::erase_journal(context_->database, before, found->last_sequence);
        });
    if (!written) log(LogLevel::error, "journal's term: " + written.error().what);
}

void Purge::next()
{
    if (left_-- <= 0 || !context_->recorder.ready()) return;
    auto const now = context_->clock.decision_now();
    auto const policy = policy_of(*context_);
    auto const due =
        store::recordings_ended_before(context_->database, now - policy.recordings, round_max);
    if (!due) return log(LogLevel::error, "purge: " + due.error().what);
    auto const found = std::find_if(due->begin(), due->end(), [&](auto const& recording) {
        return may_purge(recording.facts, policy, now);
    });
    if (found != due->end()) decide(*found);
}

void Purge::decide(store::Purgeable const& recording)
{
    auto const certificate =
        certificate_of(recording, policy_of(*context_), context_->clock.decision_now());
    auto const signature = context_->evidence.sign_der(certificate);
    if (!signature) return log(LogLevel::error, "purge: " + signature.error().what);
    // Before anything is destroyed: a decision that nobody can read of is none.
    auto const written = context_->journal.record(
        context_->clock.utc_now(),
        "recording.purge_decided",
        event_of(
            recording.session,
            {{"outcome", "term"}, {"certificate_sha256", to_hex(sha256(certificate))}}
        )
    );
    if (!written) return log(LogLevel::error, "purge: " + written.error().what);
    busy_ = true;
    context_->recorder.purge(
        certificate,
        *signature,
        [this, session = recording.session](Result<std::string> destroyed) {
            busy_ = false;
            // Once an hour is often enough to say so again.
            if (!destroyed)
                return log(LogLevel::error, "purge of " + session + ": " + destroyed.error().what);
            done(session, *destroyed);
            next();
        }
    );
}

void Purge::done(std::string const& session, std::string const& certificate_sha256)
{
    auto const at = context_->clock.utc_now();
    auto const written = context_->journal.record(
        at,
        "recording.purged",
        event_of(session, {{"outcome", "success"}, {"certificate_sha256", certificate_sha256}}),
        [&] { return store::set_purged(context_->database, session); }
    );
    if (!written) return log(LogLevel::error, "purge of " + session + ": " + written.error().what);
    if (auto const signed_now = context_->journal.checkpoint(at); !signed_now)
        log(LogLevel::error, "checkpoint: " + signed_now.error().what);
    log(LogLevel::info, session + ": purged at its term");
}

} // namespace ecluse::policyd
