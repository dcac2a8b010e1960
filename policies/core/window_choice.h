#pragma once

#include "policies/core/decide.h"

#include <optional>

namespace ecluse {

/// How near a window is to being usable, worst first.
enum class WindowStanding { none, ended, upcoming, waiting, live };

struct WindowChoice {
    WindowFacts const* window = nullptr; // into the Facts; null with `none`
    WindowStanding standing = WindowStanding::none;
};

/// The window that speaks for this request: among those of this person for this asset, the best
/// standing. When none is for this asset but another is live, that one, so that the answer is
/// "not this target" instead of "no window".
[[nodiscard]] WindowChoice choose_window(Request const& request, Facts const& facts, UtcTime now);

/// When this person's next approved window opens, for the asset asked for if there is one.
[[nodiscard]] std::optional<UtcTime>
next_opening(Request const& request, Facts const& facts, UtcTime now);

} // namespace ecluse
