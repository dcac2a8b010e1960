#include "policies/core/window_rules.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ecluse {

namespace {

constexpr std::array<std::pair<WindowState, std::string_view>, 8> state_codes{{
    {WindowState::draft, "draft"},
    {WindowState::requested, "requested"},
    {WindowState::approved, "approved"},
    {WindowState::refused, "refused"},
    {WindowState::open, "open"},
    {WindowState::closed, "closed"},
    {WindowState::cancelled, "cancelled"},
    {WindowState::expired, "expired"},
}};

using Outcome = std::variant<WindowTimes, Fault>;

struct Case {
    WindowRecord const& window;
    WindowChange const& change;
    WindowActor const& actor;
    UtcTime now;
    WindowPolicy const& policy;
    WindowState state; // at `now`
};

template <class Item> bool contains(std::vector<Item> const& items, Item const& item)
{
    return std::find(items.begin(), items.end(), item) != items.end();
}

/// The hospital decides, by somebody who neither asked for the window nor works in it (WEB:AA1).
std::optional<Fault> not_for_hospital(Case const& c)
{
    if (!c.actor.roles.has(Role::dsi)) return Fault::window_role;
    if (contains(c.window.technicians, c.actor.person)) return Fault::window_own_work;
    return std::nullopt;
}

std::optional<Fault> not_for_approver(Case const& c)
{
    if (auto const fault = not_for_hospital(c)) return fault;
    if (c.actor.person == c.window.requester) return Fault::window_own_request;
    return std::nullopt;
}

bool asks_for_vendor(Case const& c)
{
    return c.actor.person == c.window.requester ||
           (c.actor.of_window_vendor && c.actor.roles.has(Role::vendor_manager));
}

std::optional<Fault> wrong_length(WindowTimes const& times, WindowPolicy const& policy)
{
    if (times.closes <= times.opens) return Fault::window_ends_before_start;
    auto const length = times.closes - times.opens;
    if (times.emergency && length > policy.emergency_duration_max)
        return Fault::window_emergency_too_long;
    if (length > policy.duration_max) return Fault::window_too_long;
    return std::nullopt;
}

/// Nothing is waived in an emergency (docs/decisions/0020): what the last one left to do comes
/// first. A late report can be lifted for this one window, by the person who approves it and says
/// why; a review cannot.
std::optional<Fault> emergency_owes(Case const& c)
{
    if (!c.window.times.emergency)
        return c.change.report_lift.empty() ? std::nullopt
                                            : std::optional{Fault::emergency_only_lift};
    if (c.window.emergency_unreviewed) return Fault::emergency_unreviewed;
    if (c.window.report_late && c.change.report_lift.empty()) return Fault::emergency_report_late;
    return std::nullopt;
}

/// An emergency may already have begun when somebody answers; it must not be over.
bool start_is_past(WindowTimes const& times, UtcTime now)
{
    return times.emergency ? times.closes <= now : times.opens < now;
}

bool needs_override(Case const& c, Span span)
{
    // CHM:8.4: work is planned outside the hours when the equipment serves patients.
    if (!c.change.usage_hours_override.empty()) return false;
    auto const& hours = c.window.usage_hours;
    return std::any_of(hours.begin(), hours.end(), [&](WeeklyHours const& weekly) {
        return touches(weekly, span);
    });
}

Outcome with_state(Case const& c, WindowState state)
{
    auto times = c.window.times;
    times.state = state;
    return times;
}

Outcome submit(Case const& c)
{
    if (c.state != WindowState::draft) return Fault::window_state;
    if (!asks_for_vendor(c) && !c.actor.roles.has(Role::dsi)) return Fault::window_role;
    if (c.window.technicians.empty() || c.window.assets.empty()) return Fault::window_nobody;
    if (auto const fault = wrong_length(c.window.times, c.policy)) return *fault;
    if (start_is_past(c.window.times, c.now)) return Fault::window_start_past;
    return with_state(c, WindowState::requested);
}

Outcome approve(Case const& c)
{
    if (c.state != WindowState::requested) {
        // Say why rather than "wrong state": nobody touched it, its hour has come.
        bool const late =
            c.window.times.state == WindowState::requested && c.state == WindowState::expired;
        return late ? Fault::window_start_past : Fault::window_state;
    }
    if (auto const fault = not_for_approver(c)) return *fault;
    auto times = c.window.times;
    times.opens = c.change.opens.value_or(times.opens);
    times.closes = c.change.closes.value_or(times.closes);
    if (times.opens < c.window.times.opens || times.closes > c.window.times.closes)
        return Fault::window_outside_request;
    if (auto const fault = wrong_length(times, c.policy)) return *fault;
    if (start_is_past(times, c.now)) return Fault::window_start_past;
    if (needs_override(c, {times.opens, times.closes})) return Fault::window_usage_hours;
    if (auto const fault = emergency_owes(c)) return *fault;
    times.state = WindowState::approved;
    return times;
}

Outcome refuse(Case const& c)
{
    if (c.state != WindowState::requested) return Fault::window_state;
    if (auto const fault = not_for_hospital(c)) return *fault;
    if (c.change.reason.empty()) return Fault::window_reason_missing;
    return with_state(c, WindowState::refused);
}

Outcome open(Case const& c)
{
    bool const its_hour = c.now >= c.window.times.opens && c.now < c.window.times.closes;
    if (c.state != WindowState::approved || !its_hour) return Fault::window_state;
    if (auto const fault = not_for_approver(c)) return *fault;
    return with_state(c, WindowState::open);
}

Outcome close(Case const& c)
{
    if (c.state != WindowState::open) return Fault::window_state;
    // Closing takes access away: whoever of the DSI sees the need may do it, even the requester.
    if (!c.actor.roles.has(Role::dsi)) return Fault::window_role;
    if (c.change.reason.empty()) return Fault::window_reason_missing;
    auto times = c.window.times;
    times.state = WindowState::closed;
    times.closes = std::min(times.closes, c.now);
    return times;
}

Outcome cancel(Case const& c)
{
    if (c.state != WindowState::draft && c.state != WindowState::requested &&
        c.state != WindowState::approved)
        return Fault::window_state;
    if (asks_for_vendor(c)) return with_state(c, WindowState::cancelled);
    if (!c.actor.roles.has(Role::dsi)) return Fault::window_role;
    if (c.change.reason.empty()) return Fault::window_reason_missing;
    return with_state(c, WindowState::cancelled);
}

Outcome extend(Case const& c)
{
    if (c.state != WindowState::approved && c.state != WindowState::open)
        return Fault::window_state;
    if (auto const fault = not_for_approver(c)) return *fault;
    if (c.change.reason.empty()) return Fault::window_reason_missing;
    auto times = c.window.times;
    if (!c.change.closes || *c.change.closes <= times.closes) return Fault::window_not_later;
    Span const added{times.closes, *c.change.closes};
    times.closes = *c.change.closes;
    if (auto const fault = wrong_length(times, c.policy)) return *fault;
    if (needs_override(c, added)) return Fault::window_usage_hours;
    return times;
}

} // namespace

std::string_view to_code(WindowState state)
{
    auto const* row = std::find_if(state_codes.begin(), state_codes.end(), [&](auto const& each) {
        return each.first == state;
    });
    ECLUSE_ASSERT(row != state_codes.end());
    return row->second;
}

std::optional<WindowState> parse_window_state(std::string_view code)
{
    for (auto const& [state, text] : state_codes)
        if (text == code) return state;
    return std::nullopt;
}

std::string_view to_code(OpenMode mode)
{
    return mode == OpenMode::automatic ? "auto" : "manual";
}

std::optional<OpenMode> parse_open_mode(std::string_view code)
{
    if (code == "auto") return OpenMode::automatic;
    if (code == "manual") return OpenMode::manual;
    return std::nullopt;
}

WindowState state_at(WindowTimes const& times, UtcTime now)
{
    switch (times.state) {
    case WindowState::requested:
        return now >= (times.emergency ? times.closes : times.opens) ? WindowState::expired
                                                                     : WindowState::requested;
    case WindowState::approved:
        if (times.open_mode == OpenMode::manual)
            return now >= times.closes ? WindowState::expired : WindowState::approved;
        [[fallthrough]];
    case WindowState::open:
        if (now >= times.closes) return WindowState::closed;
        return now >= times.opens ? WindowState::open : WindowState::approved;
    case WindowState::draft:
    case WindowState::refused:
    case WindowState::closed:
    case WindowState::cancelled:
    case WindowState::expired:
        return times.state;
    }
    assertion_failed("WindowState", __FILE__, __LINE__);
}

std::optional<UtcTime> next_change(WindowTimes const& times, UtcTime now)
{
    auto const present = state_at(times, now);
    for (auto const at : {times.opens, times.closes})
        if (at > now && state_at(times, at) != present) return at;
    return std::nullopt;
}

std::variant<WindowTimes, Fault> transition(
    WindowRecord const& window,
    WindowChange const& change,
    WindowActor const& actor,
    UtcTime now,
    WindowPolicy const& policy
)
{
    Case const c{window, change, actor, now, policy, state_at(window.times, now)};
    switch (change.act) {
    case WindowAct::submit:
        return submit(c);
    case WindowAct::approve:
        return approve(c);
    case WindowAct::refuse:
        return refuse(c);
    case WindowAct::open:
        return open(c);
    case WindowAct::close:
        return close(c);
    case WindowAct::cancel:
        return cancel(c);
    case WindowAct::extend:
        return extend(c);
    }
    assertion_failed("WindowAct", __FILE__, __LINE__);
}

std::optional<Fault>
not_for_escort(WindowRecord const& window, WindowActor const& actor, UtcTime now)
{
    // Long enough to sit down before the technician does.
    constexpr auto early = std::chrono::minutes{15};
    auto const state = state_at(window.times, now);
    if (state != WindowState::approved && state != WindowState::open) return Fault::window_state;
    if (contains(window.technicians, actor.person)) return Fault::window_own_work;
    if (!actor.roles.has(Role::dsi) && window.escort != actor.person) return Fault::escort_role;
    if (now < window.times.opens - early) return Fault::escort_early;
    return std::nullopt;
}

std::optional<Fault> not_for_review(WindowTimes const& times, UtcTime now)
{
    bool const over = times.emergency && state_at(times, now) == WindowState::closed;
    return over ? std::nullopt : std::optional{Fault::emergency_not_over};
}

bool overlaps_usage_hours(WindowRecord const& window)
{
    Span const span{window.times.opens, window.times.closes};
    return std::any_of(
        window.usage_hours.begin(),
        window.usage_hours.end(),
        [&](WeeklyHours const& weekly) { return touches(weekly, span); }
    );
}

std::vector<WindowId>
overlapping(WindowRecord const& window, std::vector<OtherWindow> const& others, UtcTime now)
{
    std::vector<WindowId> found;
    for (auto const& other : others) {
        auto const state = state_at(other.times, now);
        bool const matters = state == WindowState::requested || state == WindowState::approved ||
                             state == WindowState::open;
        bool const same_time =
            other.times.opens < window.times.closes && window.times.opens < other.times.closes;
        bool const same_asset =
            std::any_of(other.assets.begin(), other.assets.end(), [&](AssetId const& asset) {
                return contains(window.assets, asset);
            });
        if (matters && same_time && same_asset) found.push_back(other.id);
    }
    return found;
}

} // namespace ecluse
