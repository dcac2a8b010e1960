#pragma once

#include "policies/config/config.h"
#include "policies/core/report_rules.h"

namespace ecluse::policyd {

/// The hospital's settings as the rules want them. The configuration was judged when it was read.
[[nodiscard]] inline WorkingCalendar working_calendar(Config const& config)
{
    WorkingCalendar calendar;
    if (auto const hours = parse_weekly_hours(config.report.working_hours)) calendar.hours = *hours;
    if (config.report.holidays == "none") calendar.holidays = Holidays::none;
    if (config.report.holidays == "alsace_moselle") calendar.holidays = Holidays::alsace_moselle;
    return calendar;
}

[[nodiscard]] inline ReportBlocking blocking_policy(Config const& config)
{
    if (config.report.blocking == "never") return ReportBlocking::never;
    if (config.report.blocking == "until_submitted") return ReportBlocking::until_submitted;
    return ReportBlocking::until_accepted;
}

} // namespace ecluse::policyd
