#pragma once

#include "common/result.h"
#include "common/time.h"

#include <string_view>

namespace ecluse::ctl {

/// "2026-11-21 08:00" (Paris), "2026-11-21T08:00:00Z", "now", "+30m", "+2h", "+45s".
[[nodiscard]] Result<UtcTime> parse_moment(std::string_view text, UtcTime now);
/// "2026-12-31": its first second in Paris.
[[nodiscard]] Result<UtcTime> parse_day(std::string_view text);

} // namespace ecluse::ctl
