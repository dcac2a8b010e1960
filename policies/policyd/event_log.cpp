#include "policies/policyd/event_log.h"

#include "common/json.h"
#include "common/log.h"
#include "policies/policyd/boxes.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/live.h"
#include "policies/store/database.h"
#include "policies/vault/vault.h"

#include <algorithm>

namespace ecluse::policyd {

void EventLog::start(Context& context)
{
    context_ = &context;
}

void EventLog::add(
    std::string const& session,
    std::string_view type,
    json::object event,
    json::object const& detail
)
{
    waiting_.push_back(
        {{context_->clock.utc_now(), std::string{type}, json::serialize(event)},
         session,
         context_->vault.seal(box::session_event(session), json::serialize(detail))}
    );
    if (waiting_.size() >= batch_max) return flush();
    if (!flushing_) flushing_ = context_->loop.after(period, [this] { flush(); });
}

Result<> EventLog::write(std::vector<Waiting> const& batch)
{
    std::vector<Journal::Entry> entries;
    for (auto const& one : batch)
        entries.push_back(one.entry);
    // Rows first: an event in the journal that no report shows would be the worse half.
    ECLUSE_TRY(context_->database.transaction([&]() -> Result<> {
        for (auto const& one : batch)
            ECLUSE_TRY(context_->database.run(
                "INSERT INTO session_event (session, at_ms, type, detail_sealed) VALUES ($1, $2, "
                "$3, $4)",
                {one.session,
                 one.entry.at.time_since_epoch().count(),
                 one.entry.type,
                 Blob{one.sealed}}
            ));
        return {};
    }));
    return context_->journal.record_all(entries);
}

void EventLog::flush()
{
    flushing_.cancel();
    auto const waiting = std::exchange(waiting_, {});
    if (waiting.empty()) return;
    auto const done = write(waiting);
    if (done) return;
    // Acts that leave no evidence: nobody goes on (notes-security, promise 12).
    log(LogLevel::error, "journal events: " + done.error().what);
    context_->live.end_all(endings::journal_failed());
}

} // namespace ecluse::policyd
