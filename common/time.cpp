#include "common/time.h"

#include "common/digits.h"

#include <fmt/format.h>

namespace ecluse {

using namespace std::chrono;

UtcMillis utc_now()
{
    return floor<milliseconds>(system_clock::now());
}

std::string to_iso(UtcTime at)
{
    auto const day = floor<days>(at);
    year_month_day const date{day};
    hh_mm_ss const clock{at - day};
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count()
    );
}

std::string to_iso(UtcMillis at)
{
    auto const whole = to_seconds(at);
    auto text = to_iso(whole);
    text.pop_back();
    return fmt::format("{}.{:03}Z", text, (at - whole).count());
}

Result<UtcTime> parse_iso(std::string_view text)
{
    Error const malformed{Errc::malformed, "not an instant like 2026-11-21T08:00:00Z"};
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:ddZ";
    if (!has_shape(text, shape)) return malformed;
    auto const number = [&](std::size_t at, std::size_t count) {
        return digits_at(text, at, count);
    };
    year_month_day const date{
        year{number(0, 4)},
        month{static_cast<unsigned>(number(5, 2))},
        day{static_cast<unsigned>(number(8, 2))}};
    if (!date.ok() || number(0, 4) < 1970) return malformed;
    if (number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59) return malformed;
    return UtcTime{sys_days{date}} + hours{number(11, 2)} + minutes{number(14, 2)} +
           seconds{number(17, 2)};
}

} // namespace ecluse
