#pragma once

#include "common/time.h"
#include "policies/core/calendar.h"
#include "policies/core/fault.h"
#include "policies/core/ids.h"
#include "policies/core/roles.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The life of a window (créneau): design.md §4, CLAUSIER:O-12.2.5.3, CHM:8.4.
namespace ecluse {

enum class WindowState { draft, requested, approved, refused, open, closed, cancelled, expired };
/// Automatic windows open at their start; manual ones wait for the DSI's hand.
enum class OpenMode { automatic, manual };

[[nodiscard]] std::string_view to_code(WindowState state);
[[nodiscard]] std::optional<WindowState> parse_window_state(std::string_view code);
[[nodiscard]] std::string_view to_code(OpenMode mode); // "auto", "manual"
[[nodiscard]] std::optional<OpenMode> parse_open_mode(std::string_view code);

/// What the store keeps of a window and the clock acts upon. Half-open: [opens, closes).
struct WindowTimes {
    WindowState state = WindowState::draft;
    UtcTime opens;
    UtcTime closes;
    OpenMode open_mode = OpenMode::automatic;
    bool emergency = false;
    friend bool operator==(WindowTimes const&, WindowTimes const&) = default;
};

/// The state at an instant, whatever the store still says: an approved automatic window is open at
/// its start, everything is closed at its end, an unanswered request expires at its start (an
/// urgent one at its end). A clock that went back gives nothing: before its start, no window is
/// open.
[[nodiscard]] WindowState state_at(WindowTimes const& times, UtcTime now);

/// When state_at() will next change by the clock alone, so that a timer can be armed.
[[nodiscard]] std::optional<UtcTime> next_change(WindowTimes const& times, UtcTime now);

struct WindowRecord {
    WindowTimes times;
    PersonId requester;
    std::vector<PersonId> technicians;
    std::vector<AssetId> assets;
    std::vector<WeeklyHours> usage_hours; // one per asset that has some
    std::optional<PersonId> escort = {};  // named for this window
    /// Of an emergency: what its vendor still owes for what was before.
    bool report_late = false;
    bool emergency_unreviewed = false;
};

struct WindowActor {
    PersonId person;
    Roles roles;
    bool of_window_vendor = false; // works for the vendor of this window
};

enum class WindowAct { submit, approve, refuse, open, close, cancel, extend };

struct WindowChange {
    WindowAct act;
    std::string reason = {}; // compulsory to refuse, close, extend, and for the DSI to cancel
    std::optional<UtcTime> opens = {};     // approve: later than asked
    std::optional<UtcTime> closes = {};    // approve: earlier than asked; extend: the new end
    std::string usage_hours_override = {}; // approve and extend: why care hours may be disturbed
    std::string report_lift = {}; // approve an emergency: why a late report does not stop this one
};

struct WindowPolicy {
    std::chrono::minutes duration_max = std::chrono::hours{8};
    std::chrono::minutes emergency_duration_max = std::chrono::hours{2};
};

/// The window's times after the act, or why not. Closing early moves `closes` to `now`, so that
/// what is over stays over.
[[nodiscard]] std::variant<WindowTimes, Fault> transition(
    WindowRecord const& window,
    WindowChange const& change,
    WindowActor const& actor,
    UtcTime now,
    WindowPolicy const& policy = {}
);

/// Why this person may not declare to be present in this window (accompagnateur): of the DSI, or
/// named for it, and not one of those who work in it.
[[nodiscard]] std::optional<Fault>
not_for_escort(WindowRecord const& window, WindowActor const& actor, UtcTime now);

/// Why an emergency may not be reviewed yet: it is none, or it is not over.
[[nodiscard]] std::optional<Fault> not_for_review(WindowTimes const& times, UtcTime now);

[[nodiscard]] bool overlaps_usage_hours(WindowRecord const& window);

/// Another window that may matter because it shares an asset.
struct OtherWindow {
    WindowId id;
    WindowTimes times;
    std::vector<AssetId> assets;
};
/// Reported to the approver, not refused: two vendors may have to work together.
[[nodiscard]] std::vector<WindowId>
overlapping(WindowRecord const& window, std::vector<OtherWindow> const& others, UtcTime now);

} // namespace ecluse
