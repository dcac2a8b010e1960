#pragma once

#include "common/loop.h"

namespace ecluse {

/// Tells systemd that this loop still turns, as often as the unit's WatchdogSec= asks; an empty
/// watch, and nothing, when nobody asks. A loop that blocks is then noticed and its service
/// started again.
[[nodiscard]] Loop::Watch keep_alive(Loop& loop);

} // namespace ecluse
