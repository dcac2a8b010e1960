#pragma once

#include "common/text.h"
#include "common/time.h"

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

/// The wall clock of the hospital. Everything inside is UTC; this file is the only place where a
/// person's "08:00" becomes an instant. It holds the European rule itself (directive 2000/84/CE),
/// because g++ 12 has no time-zone database: summer time from the last Sunday of March to the last
/// Sunday of October, both at 01:00 UTC. If the law changes, this file does.
namespace ecluse {

/// What a clock on a wall in Paris shows.
using ParisLocal = std::chrono::local_seconds;
enum class ParisZone { cet, cest };

struct ParisTime {
    ParisLocal local;
    ParisZone zone;
    friend bool operator==(ParisTime const&, ParisTime const&) = default;
};

[[nodiscard]] ParisTime to_paris(UtcTime at);
[[nodiscard]] std::string_view to_text(ParisZone zone);  // "CET", "CEST"
[[nodiscard]] std::chrono::hours offset(ParisZone zone); // ahead of UTC

/// The night of March: that hour does not exist. `jump` is when the clocks went forward.
struct ParisGap {
    UtcTime jump;
    friend bool operator==(ParisGap const&, ParisGap const&) = default;
};
/// The night of October: that hour exists twice, an hour apart.
struct ParisTwice {
    UtcTime cest; // the first
    UtcTime cet;
    friend bool operator==(ParisTwice const&, ParisTwice const&) = default;
};
[[nodiscard]] std::variant<UtcTime, ParisGap, ParisTwice> from_paris(ParisLocal local);

/// The instant when a Paris clock reaches or has passed `local`, for rules that must have an
/// answer: the jump in the gap, and of two candidates the one asked for.
[[nodiscard]] UtcTime first_instant(ParisLocal local);
[[nodiscard]] UtcTime last_instant(ParisLocal local);

/// "2026-11-21 08:00", with " CET" or " CEST" after it: allowed if true, compulsory in the hour
/// that exists twice. An hour that does not exist is refused. Years 1996 to 9999, where the rule
/// holds.
[[nodiscard]] Result<UtcTime> parse_paris(std::string_view text);
/// "2026-11-21 08:00 CET": what parse_paris reads back, whatever the instant of a whole minute.
[[nodiscard]] std::string to_paris_text(UtcTime at);

/// For people: "21/11/2026 08:00 CET" in French, "2026-11-21 08:00 CET" in English.
[[nodiscard]] std::string format_moment(UtcTime at, Language language);
/// "21/11/2026" or "2026-11-21".
[[nodiscard]] std::string format_day(UtcTime at, Language language);
/// "08:00".
[[nodiscard]] std::string format_clock(UtcTime at);

} // namespace ecluse
