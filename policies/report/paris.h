#pragma once

#include "common/time.h"

#include <string>

/// Instants as the report writes them; the rule of summer time is common/paris_time.h.
namespace ecluse::report {

/// "21/11/2026 09:05": for windows, together with the zone's name.
[[nodiscard]] std::string paris_minute(UtcTime at);
/// "21/11/2026 09:05:30".
[[nodiscard]] std::string paris_second(UtcTime at);
/// "2026-11-21T09:05": how the form writes the hour of an operation.
[[nodiscard]] std::string paris_local(UtcTime at);

} // namespace ecluse::report
