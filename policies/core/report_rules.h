#pragma once

#include "common/time.h"
#include "policies/core/calendar.h"
#include "policies/core/fault.h"
#include "policies/core/roles.h"

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

/// The intervention report (compte-rendu): design.md §4, CHM:8.19.
namespace ecluse {

/// "Overdue" is no state of its own: the clock makes a report late, see is_overdue().
enum class ReportState { due, draft, submitted, accepted, returned };
[[nodiscard]] std::string_view to_code(ReportState state);
[[nodiscard]] std::optional<ReportState> parse_report_state(std::string_view code);

inline constexpr std::chrono::hours report_delay{24};

/// 24 h after the end; 23:59 Paris of the day of the end when any instant of the sessions was
/// outside working hours.
[[nodiscard]] UtcTime
report_deadline(UtcTime end, std::vector<Span> const& sessions, WorkingCalendar const& calendar);

struct ReportTimes {
    ReportState state = ReportState::due;
    UtcTime deadline;
    std::optional<UtcTime> submitted_at; // the last submission
    friend bool operator==(ReportTimes const&, ReportTimes const&) = default;
};

/// The technician still owes something and its time is over.
[[nodiscard]] bool is_overdue(ReportTimes const& report, UtcTime now);

enum class ReportBlocking {
    never,
    until_submitted,
    until_accepted, // a report that came late blocks until the DSI accepts it
};
/// Whether this report stops the vendor's next window and session. One submitted in time never
/// does: the DSI's own delay is not the vendor's fault.
[[nodiscard]] bool blocks(ReportTimes const& report, ReportBlocking policy, UtcTime now);

enum class ReportAct { edit, submit, accept, send_back };
struct ReportActor {
    Roles roles;
    bool of_window = false; // one of the technicians who worked in this window
};
struct ReportChange {
    ReportAct act;
    bool comment = false; // a comment was written: compulsory to send back
};
/// The report after the act, or why not. A report sent back has a new delay, counted from then.
[[nodiscard]] std::variant<ReportTimes, Fault> transition(
    ReportTimes const& report, ReportChange const& change, ReportActor const& actor, UtcTime now
);

} // namespace ecluse
