#include "policies/policyd/watches.h"

#include "common/bytes.h"
#include "common/fill_text.h"
#include "common/json.h"
#include "common/log.h"
#include "common/text_keys.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/live.h"
#include "policies/policyd/operator_session.h"
#include "policies/policyd/recorder_link.h"
#include "policies/store/escorts.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace ecluse::policyd {
namespace {

/// CNIL and the charter: nobody is watched without knowing it.
void tell_technician(Context& context, std::string const& session, bool watched)
{
    auto const* const live = context.live.find(session);
    if (!live || live->ending) return;
    auto const key = watched ? TextKey::session_watched : TextKey::session_watched_no_more;
    context.live.message(session, fill_text(live->language, key, {}));
    context.live.watched(session, watched);
}

Result<store::EscortStanding> present_escorts(Context& context, std::string const& window)
{
    return store::escort_standing(
        context.database, window, context.clock.decision_now().time_since_epoch().count()
    );
}

bool is_present(store::EscortStanding const& standing, std::string_view person)
{
    return std::any_of(standing.present.begin(), standing.present.end(), [&](auto const& one) {
        return one.person == person;
    });
}

/// `watch`: of the escort by whom it goes on; nullptr: nobody's, it waits.
bool journal_pause(Context& context, std::string const& session, Watches::Watch const* watch)
{
    json::object event{
        {"actor", watch ? watch->person : "system"},
        {"object", session},
        {"outcome", watch ? "watched" : "unwatched"}};
    if (watch) event["source"] = watch->source;
    auto const done = context.journal.record(
        context.clock.utc_now(), watch ? "session.resumed" : "session.paused", std::move(event)
    );
    if (!done) log(LogLevel::error, "journal session.paused: " + done.error().what);
    return done.has_value();
}

} // namespace

bool may_watch(Context& context, Caller const& caller, LiveSession const& session)
{
    if (caller.has_role("dsi") || caller.has_role("rssi")) return true;
    auto const standing = present_escorts(context, session.window);
    return caller.has_role("escort") && standing && is_present(*standing, caller.person);
}

Watches::Watch const* Watches::watching_escort(Context& context, LiveSession const& session) const
{
    auto const standing = present_escorts(context, session.window);
    if (!standing) return nullptr;
    for (auto const& [id, watch] : watches_)
        if (watch.session == session.id && watch.seen && is_present(*standing, watch.person))
            return &watch;
    return nullptr;
}

void Watches::settle(Context& context)
{
    for (auto const& session : context.live.list()) {
        if (!session.watched_only || session.ending) continue;
        auto const* const watch = watching_escort(context, session);
        if ((watch == nullptr) == session.paused) continue;
        if (!watch) {
            context.live.pause(session.id, true, text(session.language, TextKey::session_paused));
            (void)journal_pause(context, session.id, nullptr);
            continue;
        }
        // The other way round than a pause: nothing passes before it is written who watches.
        if (!journal_pause(context, session.id, watch)) continue;
        context.live.pause(
            session.id,
            false,
            text(session.language, TextKey::session_resumed, {{"who", printable(watch->name)}})
        );
    }
}

bool Watches::may_begin(std::string_view person) const
{
    auto const mine = std::count_if(watches_.begin(), watches_.end(), [&](auto const& one) {
        return one.second.person == person;
    });
    return static_cast<std::size_t>(mine) < per_person_max;
}

void Watches::add(std::string const& id, Watch watch)
{
    watches_.emplace(id, std::move(watch));
}

void Watches::began(Context& context, std::string const& id)
{
    auto const found = watches_.find(id);
    if (found == watches_.end()) return;
    bool const is_first = count_on(found->second.session) == 0;
    found->second.seen = true;
    if (is_first) tell_technician(context, found->second.session, true);
    settle(context);
}

void Watches::ended(Context& context, std::string const& id, std::string_view why)
{
    auto const found = watches_.find(id);
    if (found == watches_.end()) return;
    auto const watch = std::move(found->second);
    watches_.erase(found);
    auto const now = context.clock.utc_now();
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(now - watch.since);
    auto const done = context.journal.record(
        now,
        "session.view_ended",
        json::object{
            {"actor", watch.person},
            {"actor_name", watch.name},
            {"source", watch.source},
            {"object", watch.session},
            {"outcome", why},
            {"watch", id},
            {"seconds", seconds.count()}}
    );
    if (!done) log(LogLevel::error, "journal session.view_ended: " + done.error().what);
    if (watch.seen && count_on(watch.session) == 0) tell_technician(context, watch.session, false);
    settle(context);
}

void Watches::recorder_lost(Context& context)
{
    while (!watches_.empty())
        ended(context, std::string{watches_.begin()->first}, "recorder_lost");
}

void Watches::recheck(Context& context)
{
    for (auto const& [id, watch] : watches_) {
        auto const caller = operator_session::holder(context, watch.token_sha256);
        // What cannot be looked up cannot go on.
        auto const* const live = context.live.find(watch.session);
        if (!caller || !*caller || (live && !may_watch(context, **caller, *live)))
            context.recorder.unwatch(id);
    }
    settle(context);
}

std::size_t Watches::count_on(std::string_view session) const
{
    return static_cast<std::size_t>(std::count_if(
        watches_.begin(),
        watches_.end(),
        [&](auto const& one) { return one.second.session == session && one.second.seen; }
    ));
}

json::array Watches::who_watches(std::string_view session) const
{
    json::array rows;
    for (auto const& [id, watch] : watches_)
        if (watch.session == session && watch.seen)
            rows.push_back(json::object{
                {"name", watch.name}, {"since", to_iso(to_seconds(watch.since))}});
    return rows;
}

} // namespace ecluse::policyd
