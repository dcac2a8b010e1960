#include "policies/policyd/live.h"

#include <algorithm>

namespace ecluse::policyd {

std::size_t
Live::end_where(std::function<bool(LiveSession const&)> const& which, Ending const& ending)
{
    std::size_t touched = 0;
    for (auto& [id, entry] : sessions_) {
        auto& session = entry.session;
        if (session.ending || !which(session)) continue;
        session.ending = true;
        session.end_reason = ending.reason;
        session.end_by = ending.by;
        session.end_comment = ending.comment;
        session.kill_at = monotonic_() + grace;
        entry.worker->push_end(ending, session.language);
        ++touched;
    }
    return touched;
}

std::size_t Live::cut(std::string_view session, Ending const& ending)
{
    return end_where([&](LiveSession const& one) { return one.id == session; }, ending);
}

std::size_t Live::close_window(std::string_view window, Ending const& ending)
{
    return end_where([&](LiveSession const& one) { return one.window == window; }, ending);
}

std::size_t Live::revoke_person(std::string_view person, Ending const& ending)
{
    return end_where([&](LiveSession const& one) { return one.person == person; }, ending);
}

std::size_t Live::revoke_vendor(std::string_view vendor, Ending const& ending)
{
    return end_where([&](LiveSession const& one) { return one.vendor == vendor; }, ending);
}

std::size_t Live::revoke_source(
    std::function<bool(std::string_view, std::string_view)> const& still_declared,
    Ending const& ending
)
{
    return end_where(
        [&](LiveSession const& one) { return !still_declared(one.vendor, one.source_address); },
        ending
    );
}

std::size_t Live::revoke_asset(std::string_view asset, Ending const& ending)
{
    return end_where([&](LiveSession const& one) { return one.asset == asset; }, ending);
}

std::size_t Live::end_all(Ending const& ending)
{
    return end_where([](LiveSession const&) { return true; }, ending);
}

std::size_t Live::extend(std::string_view session, UtcTime until, Deadline deadline)
{
    auto const found = sessions_.find(session);
    // A session that has its order to end does not come back.
    if (found == sessions_.end() || found->second.session.ending) return 0;
    auto& [lengthened, worker] = found->second;
    lengthened.until = until;
    lengthened.deadline = deadline;
    worker->push_extended(lengthened);
    return 1;
}

void Live::watched(std::string_view session, bool watched)
{
    auto const found = sessions_.find(session);
    if (found != sessions_.end()) found->second.worker->push_watched(watched);
}

void Live::pause(std::string_view session, bool paused, std::string_view text)
{
    auto const found = sessions_.find(session);
    if (found == sessions_.end()) return;
    found->second.session.paused = paused;
    found->second.worker->push_paused(paused, text);
}

std::size_t Live::message(std::string_view session, std::string_view text)
{
    auto const found = sessions_.find(session);
    if (found == sessions_.end()) return 0;
    found->second.worker->push_message(text);
    return 1;
}

std::size_t Live::count_on_asset(std::string_view asset) const
{
    return static_cast<std::size_t>(std::count_if(
        sessions_.begin(),
        sessions_.end(),
        [&](auto const& one) { return one.second.session.asset == asset; }
    ));
}

std::vector<LiveSession> Live::list() const
{
    std::vector<LiveSession> all;
    for (auto const& [id, entry] : sessions_)
        all.push_back(entry.session);
    return all;
}

LiveSession const* Live::find(std::string_view session) const
{
    auto const found = sessions_.find(session);
    return found == sessions_.end() ? nullptr : &found->second.session;
}

void Live::add(LiveSession session, LiveWorker& worker)
{
    auto id = session.id;
    bool const is_new = sessions_.emplace(std::move(id), Entry{std::move(session), &worker}).second;
    ECLUSE_ASSERT(is_new);
}

void Live::remove(std::string_view session)
{
    if (auto const found = sessions_.find(session); found != sessions_.end())
        sessions_.erase(found);
}

void Live::tick(Ending const& window_end)
{
    auto const now = monotonic_();
    end_where([&](LiveSession const& one) { return one.deadline <= now; }, window_end);
    std::vector<LiveWorker*> deaf;
    for (auto const& [id, entry] : sessions_)
        if (entry.session.ending && entry.session.kill_at <= now) deaf.push_back(entry.worker);
    for (auto* const worker : deaf)
        worker->hang_up();
}

} // namespace ecluse::policyd
