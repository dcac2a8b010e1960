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
    announce();
    auto const now = context_->clock.decision_now();
    auto const past = store::recordings_past_term(
        context_->database, now, policy_of(*context_).recordings, now - purge_notice
    );
    if (!past) return log(LogLevel::error, "purge: " + past.error().what);
    due_.clear();
    for (auto recording = past->rbegin(); recording != past->rend(); ++recording)
        due_.push_back(recording->session);
    log(LogLevel::info,
        "terms looked at: " + std::to_string(due_.size()) + " recordings to destroy");
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

void Purge::announce()
{
    auto const now = context_->clock.decision_now();
    auto const soon = store::recordings_past_term(
        context_->database, now + purge_notice, policy_of(*context_).recordings
    );
    if (!soon) return log(LogLevel::error, "purge: " + soon.error().what);
    for (auto const& recording : *soon) {
        auto const until = kept_until(recording.facts, policy_of(*context_));
        if (!until) continue;
        auto const written = context_->journal.record(
            context_->clock.utc_now(),
            "recording.purge_announced",
            event_of(
                recording.session,
                {{"outcome", "term"}, {"not_before", to_iso(std::max(*until, now + purge_notice))}}
            ),
            [&] { return store::set_purge_announced(context_->database, recording.session, now); }
        );
        if (!written) return log(LogLevel::error, "purge: " + written.error().what);
    }
}

void Purge::clock_jumped(std::chrono::milliseconds moved)
{
    if (moved < jump_min) return;
    due_.clear();
    std::int64_t withdrawn = 0;
    auto const written = context_->journal.record(
        context_->clock.utc_now(),
        "recording.purge_withdrawn",
        event_of("recordings", {{"outcome", "clock"}}),
        [&]() -> Result<> {
            withdrawn = ECLUSE_TRY(store::withdraw_announcements(context_->database));
            if (withdrawn == 0) return Error{Errc::refused, "nothing was announced"};
            return {};
        }
    );
    if (written)
        log(LogLevel::warning,
            "the clock jumped: the end of " + std::to_string(withdrawn) +
                " recordings must be announced anew");
    else if (written.error().code != Errc::refused)
        log(LogLevel::error, "purge: " + written.error().what);
}

void Purge::next()
{
    while (!due_.empty() && context_->recorder.ready()) {
        auto const session = std::move(due_.back());
        due_.pop_back();
        // As it is now: a hold may have been placed since.
        auto const recording = store::find_kept(context_->database, session);
        if (!recording) return log(LogLevel::error, "purge: " + recording.error().what);
        auto const now = context_->clock.decision_now();
        if (!*recording || !(*recording)->announced) continue;
        if (*(*recording)->announced > now - purge_notice) continue;
        if (!may_purge((*recording)->facts, policy_of(*context_), now)) continue;
        if (destroy(**recording)) return;
    }
}

bool Purge::destroy(store::Purgeable const& recording)
{
    auto const fail = [&](std::string const& why) {
        log(LogLevel::error, "purge of " + recording.session + ": " + why);
        return false;
    };
    auto const certificate =
        certificate_of(recording, policy_of(*context_), context_->clock.decision_now());
    auto const signature = context_->evidence.sign_der(certificate);
    if (!signature) return fail(signature.error().what);
    // Before anything is destroyed: a decision that nobody can read of is none.
    auto const written = context_->journal.record(
        context_->clock.utc_now(),
        "recording.purge_decided",
        event_of(
            recording.session,
            {{"outcome", "term"}, {"certificate_sha256", to_hex(sha256(certificate))}}
        )
    );
    if (!written) return fail(written.error().what);
    busy_ = true;
    context_->recorder.purge(
        certificate,
        *signature,
        [this, session = recording.session](Result<std::string> destroyed) {
            busy_ = false;
            if (destroyed)
                done(session, *destroyed);
            else
                log(LogLevel::error, "purge of " + session + ": " + destroyed.error().what);
            next();
        }
    );
    return true;
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
