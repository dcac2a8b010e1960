#include "policies/report/paris.h"

#include <fmt/format.h>

namespace ecluse::report {
namespace {

using namespace std::chrono;

struct Local {
    int year;
    unsigned month, day;
    hh_mm_ss<seconds> time;
};

Local local(UtcTime at)
{
    auto const year = year_month_day{floor<days>(at)}.year();
    auto const summer = sys_days{year / March / Sunday[last]} + hours{1};
    auto const winter = sys_days{year / October / Sunday[last]} + hours{1};
    auto const shown = at + hours{at >= summer && at < winter ? 2 : 1};
    auto const day = floor<days>(shown);
    year_month_day const date{day};
    return {
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        hh_mm_ss{shown - day}};
}

} // namespace

std::string paris_minute(UtcTime at)
{
    auto const t = local(at);
    return fmt::format(
        "{:02}/{:02}/{:04} {:02}:{:02}",
        t.day,
        t.month,
        t.year,
        t.time.hours().count(),
        t.time.minutes().count()
    );
}

std::string paris_second(UtcTime at)
{
    return paris_minute(at) + fmt::format(":{:02}", local(at).time.seconds().count());
}

std::string paris_local(UtcTime at)
{
    auto const t = local(at);
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}",
        t.year,
        t.month,
        t.day,
        t.time.hours().count(),
        t.time.minutes().count()
    );
}

} // namespace ecluse::report
