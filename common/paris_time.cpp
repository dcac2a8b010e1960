#include "common/paris_time.h"

#include "common/digits.h"

#include <fmt/format.h>

namespace ecluse {

using namespace std::chrono;

namespace {

struct SummerTime {
    UtcTime begins;
    UtcTime ends;
};

SummerTime summer_time(year in)
{
    return {
        sys_days{in / March / Sunday[last]} + hours{1},
        sys_days{in / October / Sunday[last]} + hours{1}};
}

ParisZone zone_at(UtcTime at)
{
    // Both changes are far from the year's ends, so the UTC year is the right one.
    auto const summer = summer_time(year_month_day{floor<days>(at)}.year());
    return at >= summer.begins && at < summer.ends ? ParisZone::cest : ParisZone::cet;
}

UtcTime shifted(ParisLocal local, ParisZone zone)
{
    return UtcTime{local.time_since_epoch() - offset(zone)};
}

struct Clock {
    int year;
    unsigned month;
    unsigned day;
    long hour;
    long minute;
    std::string_view zone;
};

Clock clock_at(UtcTime at)
{
    auto const paris = to_paris(at);
    auto const day = floor<days>(paris.local);
    year_month_day const date{day};
    hh_mm_ss const time{paris.local - day};
    return {
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        time.hours().count(),
        time.minutes().count(),
        to_text(paris.zone)};
}

/// Reads "2026-11-21 08:00".
Result<ParisLocal> parse_local(std::string_view text)
{
    Error const malformed{Errc::malformed, "not a time like 2026-11-21 08:00"};
    constexpr std::string_view shape = "dddd-dd-dd dd:dd";
    if (!has_shape(text, shape)) return malformed;
    auto const number = [&](std::size_t at, std::size_t count) {
        return digits_at(text, at, count);
    };
    year_month_day const date{
        year{number(0, 4)},
        month{static_cast<unsigned>(number(5, 2))},
        day{static_cast<unsigned>(number(8, 2))}};
    constexpr int rule_since = 1996;
    if (!date.ok() || number(0, 4) < rule_since) return malformed;
    if (number(11, 2) > 23 || number(14, 2) > 59) return malformed;
    return ParisLocal{local_days{date}} + hours{number(11, 2)} + minutes{number(14, 2)};
}

} // namespace

std::string_view to_text(ParisZone zone)
{
    return zone == ParisZone::cest ? "CEST" : "CET";
}

hours offset(ParisZone zone)
{
    return zone == ParisZone::cest ? hours{2} : hours{1};
}

ParisTime to_paris(UtcTime at)
{
    auto const zone = zone_at(at);
    return {ParisLocal{at.time_since_epoch() + offset(zone)}, zone};
}

std::variant<UtcTime, ParisGap, ParisTwice> from_paris(ParisLocal local)
{
    auto const cest = shifted(local, ParisZone::cest);
    auto const cet = shifted(local, ParisZone::cet);
    bool const cest_holds = zone_at(cest) == ParisZone::cest;
    bool const cet_holds = zone_at(cet) == ParisZone::cet;
    if (cest_holds && cet_holds) return ParisTwice{cest, cet};
    if (cest_holds) return cest;
    if (cet_holds) return cet;
    return ParisGap{summer_time(year_month_day{floor<days>(cet)}.year()).begins};
}

UtcTime first_instant(ParisLocal local)
{
    auto const found = from_paris(local);
    if (auto const* gap = std::get_if<ParisGap>(&found)) return gap->jump;
    if (auto const* twice = std::get_if<ParisTwice>(&found)) return twice->cest;
    return std::get<UtcTime>(found);
}

UtcTime last_instant(ParisLocal local)
{
    auto const found = from_paris(local);
    if (auto const* twice = std::get_if<ParisTwice>(&found)) return twice->cet;
    return first_instant(local);
}

Result<UtcTime> parse_paris(std::string_view text)
{
    constexpr std::size_t local_size = 16;
    auto const local = ECLUSE_TRY(parse_local(text.substr(0, local_size)));
    auto const suffix = text.substr(local_size);
    if (!suffix.empty() && suffix != " CET" && suffix != " CEST")
        return Error{Errc::malformed, "after the time only CET or CEST may stand"};

    auto const found = from_paris(local);
    if (std::holds_alternative<ParisGap>(found))
        return Error{Errc::malformed, "that hour does not exist: clocks go forward that night"};
    if (auto const* twice = std::get_if<ParisTwice>(&found)) {
        if (suffix.empty())
            return Error{Errc::malformed, "that hour exists twice that night: add CEST or CET"};
        return suffix == " CEST" ? twice->cest : twice->cet;
    }
    auto const at = std::get<UtcTime>(found);
    if (!suffix.empty() && suffix.substr(1) != to_text(zone_at(at)))
        return Error{Errc::malformed, "CET or CEST does not match that date"};
    return at;
}

std::string to_paris_text(UtcTime at)
{
    auto const c = clock_at(at);
    return fmt::format(
        "{:04}-{:02}-{:02} {:02}:{:02} {}", c.year, c.month, c.day, c.hour, c.minute, c.zone
    );
}

std::string format_day(UtcTime at, Language language)
{
    auto const c = clock_at(at);
    return language == Language::french ? fmt::format("{:02}/{:02}/{:04}", c.day, c.month, c.year)
                                        : fmt::format("{:04}-{:02}-{:02}", c.year, c.month, c.day);
}

std::string format_clock(UtcTime at)
{
    auto const c = clock_at(at);
    return fmt::format("{:02}:{:02}", c.hour, c.minute);
}

std::string format_moment(UtcTime at, Language language)
{
    return fmt::format(
        "{} {} {}", format_day(at, language), format_clock(at), to_text(to_paris(at).zone)
    );
}

} // namespace ecluse
