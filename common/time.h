#pragma once

#include "common/result.h"

#include <chrono>
#include <string>
#include <string_view>

namespace ecluse {

using UtcTime = std::chrono::sys_seconds; // windows, reports, everything a person agreed on
using UtcMillis = std::chrono::sys_time<std::chrono::milliseconds>; // journal and recordings
using Deadline = std::chrono::steady_clock::time_point;             // timeouts, and nothing else

/// Where wall time comes from. Production reads the system clock; tests of rules pass instants.
[[nodiscard]] UtcMillis utc_now();
[[nodiscard]] inline UtcTime to_seconds(UtcMillis at)
{
    return std::chrono::floor<std::chrono::seconds>(at);
}

/// "2026-11-21T08:00:00Z" and "2026-11-21T08:00:00.123Z": how instants are stored and exchanged.
[[nodiscard]] std::string to_iso(UtcTime at);
[[nodiscard]] std::string to_iso(UtcMillis at);
/// Reads exactly what to_iso(UtcTime) writes, years 1970 to 9999.
[[nodiscard]] Result<UtcTime> parse_iso(std::string_view text);

} // namespace ecluse
