#pragma once

#include "common/time.h"

#include <string>

/// Instants as people in France read them. Summer time follows the European rule in force since
/// 1996: from the last Sunday of March to the last Sunday of October, at 01:00 UTC.
namespace ecluse::report {

/// "21/11/2026 09:05": for windows, together with the zone's name.
[[nodiscard]] std::string paris_minute(UtcTime at);
/// "21/11/2026 09:05:30".
[[nodiscard]] std::string paris_second(UtcTime at);
/// "2026-11-21T09:05": how the form writes the hour of an operation.
[[nodiscard]] std::string paris_local(UtcTime at);

} // namespace ecluse::report
