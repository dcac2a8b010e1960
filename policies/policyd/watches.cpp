#include "policies/policyd/watches.h"

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

} // namespace

bool may_watch(Caller const& caller)
{
    return caller.has_role("dsi") || caller.has_role("rssi");
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
        if (!caller || !*caller || !may_watch(**caller)) context.recorder.unwatch(id);
    }
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
