#include "policies/core/calendar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ecluse {

using namespace std::chrono;

namespace {

constexpr std::array<std::string_view, 7> day_names{
    "sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr minutes whole_day = hours{24};
/// A week has 168 hours: nobody writes more ranges than this by hand.
constexpr std::size_t ranges_max = 64;

Error malformed()
{
    return {Errc::malformed, "not weekly hours like \"mon-fri 08:00-18:00, sat 09:00-12:00\""};
}

Result<unsigned> parse_day(std::string_view text)
{
    auto const* found = std::find(day_names.begin(), day_names.end(), text);
    if (found == day_names.end()) return malformed();
    return static_cast<unsigned>(found - day_names.begin());
}

Result<minutes> parse_clock(std::string_view text)
{
    if (text.size() != 5 || text[2] != ':') return malformed();
    for (std::size_t const i : {0U, 1U, 3U, 4U})
        if (text[i] < '0' || text[i] > '9') return malformed();
    auto const two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
    minutes const clock = hours{two(0)} + minutes{two(3)};
    if (two(3) > 59 || clock > whole_day) return malformed();
    return clock;
}

/// Reads "mon-fri 08:00-18:00" and appends one range per day.
Result<> parse_range(std::string_view text, WeeklyHours& into)
{
    auto const space = text.find(' ');
    if (space == std::string_view::npos) return malformed();
    auto const days_text = text.substr(0, space);
    auto const clocks = text.substr(space + 1);
    if (clocks.size() != 11 || clocks[5] != '-') return malformed();
    auto const from = ECLUSE_TRY(parse_clock(clocks.substr(0, 5)));
    auto const until = ECLUSE_TRY(parse_clock(clocks.substr(6)));
    if (from >= until) return malformed();

    auto const dash = days_text.find('-');
    auto const first = ECLUSE_TRY(parse_day(days_text.substr(0, dash)));
    auto last = first;
    if (dash != std::string_view::npos) last = ECLUSE_TRY(parse_day(days_text.substr(dash + 1)));
    // "sat-mon" wraps through Sunday.
    for (auto day = first;; day = (day + 1) % 7) {
        into.push_back({weekday{day}, from, until});
        if (day == last) return {};
    }
}

std::string clock_text(minutes clock)
{
    return fmt::format("{:02}:{:02}", clock.count() / 60, clock.count() % 60);
}

local_days paris_day(UtcTime at)
{
    return floor<days>(to_paris(at).local);
}

/// The ranges of one day as instants. A range that begins or ends in the hour that exists twice
/// takes both.
void append_day(WeeklyHours const& hours, local_days day, std::vector<Span>& into)
{
    for (auto const& range : hours) {
        if (range.day != weekday{day}) continue;
        auto const from = first_instant(day + range.from);
        auto const until = last_instant(day + range.until);
        if (from < until) into.push_back({from, until});
    }
}

} // namespace

WeeklyHours usual_working_hours()
{
    WeeklyHours usual;
    for (auto const day : {Monday, Tuesday, Wednesday, Thursday, Friday})
        usual.push_back({day, hours{8}, hours{18}});
    return usual;
}

Result<WeeklyHours> parse_weekly_hours(std::string_view text)
{
    WeeklyHours parsed;
    if (text == "never") return parsed;
    for (std::size_t at = 0; at <= text.size();) {
        while (at < text.size() && text[at] == ' ')
            ++at;
        auto const comma = std::min(text.find(',', at), text.size());
        ECLUSE_TRY(parse_range(text.substr(at, comma - at), parsed));
        if (parsed.size() > ranges_max) return Error{Errc::too_large, "too many weekly hours"};
        at = comma + 1;
    }
    return parsed;
}

std::string to_string(WeeklyHours const& hours)
{
    if (hours.empty()) return "never";
    std::string text;
    for (auto const& range : hours) {
        if (!text.empty()) text += ", ";
        text += fmt::format(
            "{} {}-{}",
            day_names[range.day.c_encoding()],
            clock_text(range.from),
            clock_text(range.until)
        );
    }
    return text;
}

year_month_day easter(year in)
{
    // The Gregorian computus of Meeus, Jones and Butcher: pure arithmetic on the year.
    int const y = static_cast<int>(in);
    int const golden = y % 19;
    int const century = y / 100;
    int const in_century = y % 100;
    int const moon_shift = (century - (century + 8) / 25 + 1) / 3;
    int const full_moon = (19 * golden + century - century / 4 - moon_shift + 15) % 30;
    int const to_sunday =
        (32 + 2 * (century % 4) + 2 * (in_century / 4) - full_moon - in_century % 4) % 7;
    int const correction = (golden + 11 * full_moon + 22 * to_sunday) / 451;
    return sys_days{in / March / 22} + days{full_moon + to_sunday - 7 * correction};
}

bool is_holiday(year_month_day date, Holidays which)
{
    if (which == Holidays::none) return false;
    auto const on = [&](month in, unsigned number) {
        return date.month() == in && date.day() == day{number};
    };
    if (on(January, 1) || on(May, 1) || on(May, 8) || on(July, 14) || on(August, 15) ||
        on(November, 1) || on(November, 11) || on(December, 25))
        return true;
    auto const since_easter = (sys_days{date} - sys_days{easter(date.year())}).count();
    // Easter Monday, Ascension, Whit Monday.
    if (since_easter == 1 || since_easter == 39 || since_easter == 50) return true;
    return which == Holidays::alsace_moselle && (since_easter == -2 || on(December, 26));
}

bool within(WorkingCalendar const& calendar, Span span)
{
    // INVARIANT: everything before `covered` is inside. An empty span asks for its one instant.
    auto covered = span.from;
    auto const until = std::max(span.until, span.from + seconds{1});
    while (covered < until) {
        auto const day = paris_day(covered);
        std::vector<Span> open;
        if (!is_holiday(year_month_day{day}, calendar.holidays))
            append_day(calendar.hours, day, open);
        auto const holds = std::find_if(open.begin(), open.end(), [&](Span const& range) {
            return range.from <= covered && covered < range.until;
        });
        if (holds == open.end()) return false;
        covered = holds->until;
    }
    return true;
}

bool touches(WeeklyHours const& hours, Span span)
{
    // Weekly hours repeat, so eight days (one more for the day cut in two) show all there is.
    auto const last = std::min(paris_day(span.until), paris_day(span.from) + days{8});
    for (auto day = paris_day(span.from); day <= last; day += days{1}) {
        std::vector<Span> open;
        append_day(hours, day, open);
        for (auto const& range : open)
            if (range.from < span.until && span.from < range.until) return true;
    }
    return false;
}

} // namespace ecluse
