#include "policies/core/window_choice.h"

#include <algorithm>

namespace ecluse {

namespace {

template <class Item> bool contains(std::vector<Item> const& items, Item const& item)
{
    return std::find(items.begin(), items.end(), item) != items.end();
}

bool was_approved(WindowTimes const& times)
{
    return times.state == WindowState::approved || times.state == WindowState::open ||
           times.state == WindowState::closed ||
           (times.state == WindowState::expired && times.open_mode == OpenMode::manual);
}

WindowStanding standing(WindowTimes const& times, UtcTime now)
{
    if (!was_approved(times)) return WindowStanding::none;
    auto const state = state_at(times, now);
    // The bounds are looked at again here: nothing but [opens, closes) is ever live.
    bool const inside = now >= times.opens && now < times.closes;
    if (state == WindowState::open && inside) return WindowStanding::live;
    if (state == WindowState::approved)
        return inside ? WindowStanding::waiting : WindowStanding::upcoming;
    return WindowStanding::ended;
}

bool concerns(Request const& request, WindowFacts const& window)
{
    return contains(window.people, request.person) &&
           (!request.window || window.id == *request.window);
}

/// Without a name, any asset of this door: what a window of the other door is about is not told.
bool concerns_asset(Request const& request, Facts const& facts, WindowFacts const& window)
{
    if (request.asset) return contains(window.assets, *request.asset);
    return std::any_of(facts.assets.begin(), facts.assets.end(), [&](auto const& asset) {
        return asset.protocol == request.protocol && contains(window.assets, asset.id);
    });
}

/// Between two of the same standing.
bool better(WindowFacts const& a, WindowFacts const& b, WindowStanding both, Request const& request)
{
    if (both == WindowStanding::upcoming) return a.times.opens < b.times.opens;
    bool const a_allows = a.permissions.allow(request.function);
    bool const b_allows = b.permissions.allow(request.function);
    if (both == WindowStanding::live && a_allows != b_allows) return a_allows;
    return a.times.closes > b.times.closes;
}

} // namespace

WindowChoice choose_window(Request const& request, Facts const& facts, UtcTime now)
{
    WindowChoice for_asset;
    WindowChoice for_person;
    auto const consider = [&](WindowChoice& best, WindowFacts const& window) {
        auto const mine = standing(window.times, now);
        if (mine == WindowStanding::none || mine < best.standing) return;
        if (mine > best.standing || better(window, *best.window, mine, request))
            best = {&window, mine};
    };
    for (auto const& window : facts.windows) {
        if (!concerns(request, window)) continue;
        consider(for_person, window);
        if (concerns_asset(request, facts, window)) consider(for_asset, window);
    }
    if (for_asset.window == nullptr && for_person.standing == WindowStanding::live)
        return for_person;
    return for_asset;
}

std::optional<UtcTime> next_opening(Request const& request, Facts const& facts, UtcTime now)
{
    std::optional<UtcTime> next;
    for (auto const& window : facts.windows) {
        if (!contains(window.people, request.person) || !concerns_asset(request, facts, window))
            continue;
        if (standing(window.times, now) != WindowStanding::upcoming) continue;
        if (!next || window.times.opens < *next) next = window.times.opens;
    }
    return next;
}

} // namespace ecluse
