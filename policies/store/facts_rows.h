#pragma once

#include "policies/core/window_rules.h"
#include "policies/store/database.h"

/// Inside ecluse::facts only: columns as the words of the rules.
namespace ecluse {

[[nodiscard]] inline UtcTime instant(std::int64_t seconds)
{
    return UtcTime{std::chrono::seconds{seconds}};
}
[[nodiscard]] inline std::int64_t to_column(UtcTime at)
{
    return at.time_since_epoch().count();
}
[[nodiscard]] inline std::optional<UtcTime> optional_instant(std::optional<std::int64_t> seconds)
{
    if (!seconds) return std::nullopt;
    return instant(*seconds);
}
[[nodiscard]] inline Error unreadable(std::string_view what, std::string const& id)
{
    return {Errc::corrupt, "database: unknown " + std::string{what} + " of " + id};
}
/// Columns state, opens_at, closes_at, open_mode, emergency, id.
[[nodiscard]] Result<WindowTimes> times_of(Row const& row);

} // namespace ecluse
