#include "policies/report/paris.h"

#include "common/paris_time.h"

#include <fmt/format.h>

namespace ecluse::report {
namespace {

using namespace std::chrono;

struct Shown {
    year_month_day date;
    hh_mm_ss<seconds> clock;
};

Shown shown(UtcTime at)
{
    auto const local = to_paris(at).local;
    auto const day = floor<days>(local);
    return {year_month_day{day}, hh_mm_ss<seconds>{local - day}};
}

std::string french_day(year_month_day date)
{
    return fmt::format(
        "{:02}/{:02}/{:04}",
        static_cast<unsigned>(date.day()),
        static_cast<unsigned>(date.month()),
        static_cast<int>(date.year())
    );
}

} // namespace

std::string paris_minute(UtcTime at)
{
    auto const [date, clock] = shown(at);
    return fmt::format(
        "{} {:02}:{:02}", french_day(date), clock.hours().count(), clock.minutes().count()
    );
}

std::string paris_second(UtcTime at)
{
    auto const [date, clock] = shown(at);
    return fmt::format("{}:{:02}", paris_minute(at), clock.seconds().count());
}

std::string paris_local(UtcTime at)
{
    auto const [date, clock] = shown(at);
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        clock.hours().count(),
        clock.minutes().count()
    );
}

} // namespace ecluse::report
