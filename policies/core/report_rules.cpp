#include "policies/core/report_rules.h"

#include <algorithm>
#include <array>

namespace ecluse {

namespace {

constexpr std::array every_state{
    ReportState::due,
    ReportState::draft,
    ReportState::submitted,
    ReportState::accepted,
    ReportState::returned};

bool with_technician(ReportState state)
{
    return state == ReportState::due || state == ReportState::draft ||
           state == ReportState::returned;
}

UtcTime end_of_paris_day(UtcTime at)
{
    using namespace std::chrono;
    auto const day = floor<days>(to_paris(at).local);
    auto const minute = last_instant(day + hours{23} + minutes{59});
    // Someone who ends in the last minute has what is left of it.
    return at >= minute ? minute + seconds{59} : minute;
}

std::variant<ReportTimes, Fault>
by_technician(ReportTimes report, ReportAct act, ReportActor const& actor, UtcTime now)
{
    if (!with_technician(report.state)) return Fault::report_state;
    if (!actor.of_window || !actor.roles.has(Role::technician)) return Fault::report_role;
    if (act == ReportAct::submit) {
        report.state = ReportState::submitted;
        report.submitted_at = now;
    } else if (report.state == ReportState::due) {
        report.state = ReportState::draft;
    }
    return report;
}

std::variant<ReportTimes, Fault>
by_hospital(ReportTimes report, ReportChange const& change, ReportActor const& actor, UtcTime now)
{
    if (report.state != ReportState::submitted) return Fault::report_state;
    if (!actor.roles.has(Role::dsi) || actor.of_window) return Fault::report_role;
    if (change.act == ReportAct::accept) {
        report.state = ReportState::accepted;
        return report;
    }
    if (!change.comment) return Fault::report_comment_missing;
    report.state = ReportState::returned;
    report.deadline = std::max(report.deadline, now + report_delay);
    return report;
}

} // namespace

std::string_view to_code(ReportState state)
{
    switch (state) {
    case ReportState::due:
        return "due";
    case ReportState::draft:
        return "draft";
    case ReportState::submitted:
        return "submitted";
    case ReportState::accepted:
        return "accepted";
    case ReportState::returned:
        return "returned";
    }
    assertion_failed("ReportState", __FILE__, __LINE__);
}

std::optional<ReportState> parse_report_state(std::string_view code)
{
    for (auto const state : every_state)
        if (to_code(state) == code) return state;
    return std::nullopt;
}

UtcTime
report_deadline(UtcTime end, std::vector<Span> const& sessions, WorkingCalendar const& calendar)
{
    // CHM:8.19: work outside working hours is reported the same day.
    bool const in_hours = std::all_of(sessions.begin(), sessions.end(), [&](Span const& session) {
        return within(calendar, session);
    });
    return in_hours ? end + report_delay : end_of_paris_day(end);
}

bool is_overdue(ReportTimes const& report, UtcTime now)
{
    return with_technician(report.state) && now > report.deadline;
}

bool blocks(ReportTimes const& report, ReportBlocking policy, UtcTime now)
{
    switch (policy) {
    case ReportBlocking::never:
        return false;
    case ReportBlocking::until_submitted:
        return is_overdue(report, now);
    case ReportBlocking::until_accepted:
        if (report.state == ReportState::submitted)
            return !report.submitted_at || *report.submitted_at > report.deadline;
        return is_overdue(report, now);
    }
    assertion_failed("ReportBlocking", __FILE__, __LINE__);
}

std::variant<ReportTimes, Fault> transition(
    ReportTimes const& report, ReportChange const& change, ReportActor const& actor, UtcTime now
)
{
    switch (change.act) {
    case ReportAct::edit:
    case ReportAct::submit:
        return by_technician(report, change.act, actor, now);
    case ReportAct::accept:
    case ReportAct::send_back:
        return by_hospital(report, change, actor, now);
    }
    assertion_failed("ReportAct", __FILE__, __LINE__);
}

} // namespace ecluse
