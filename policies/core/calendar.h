#pragma once

#include "common/paris_time.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Weekly hours on a Paris wall clock, and French public holidays.
namespace ecluse {

/// Half-open, within one day: 08:00 to 18:00, up to 24:00.
struct DailyHours {
    std::chrono::weekday day;
    std::chrono::minutes from;
    std::chrono::minutes until;
    friend bool operator==(DailyHours const&, DailyHours const&) = default;
};
using WeeklyHours = std::vector<DailyHours>;

/// "mon-fri 08:00-18:00" or "sat 09:00-12:00", several separated by commas; "never" is empty.
[[nodiscard]] Result<WeeklyHours> parse_weekly_hours(std::string_view text);
[[nodiscard]] std::string to_string(WeeklyHours const& hours);

/// The eleven days of article L3133-1 of the labour code; two more in Alsace and Moselle.
enum class Holidays { none, france, alsace_moselle };
[[nodiscard]] bool is_holiday(std::chrono::year_month_day date, Holidays which);
[[nodiscard]] std::chrono::year_month_day easter(std::chrono::year year);

struct Span {
    UtcTime from;
    UtcTime until; // half-open
};

/// Monday to Friday, 08:00 to 18:00.
[[nodiscard]] WeeklyHours usual_working_hours();

struct WorkingCalendar {
    WeeklyHours hours = usual_working_hours();
    Holidays holidays = Holidays::france;
};

/// True when no instant of the span falls outside; an empty span is judged as its one instant.
[[nodiscard]] bool within(WorkingCalendar const& calendar, Span span);
/// True when any instant of the span falls inside the weekly hours.
[[nodiscard]] bool touches(WeeklyHours const& hours, Span span);

} // namespace ecluse
