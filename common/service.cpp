#include "common/service.h"

#include "common/notify.h"

#include <algorithm>

namespace ecluse {

Loop::Watch keep_alive(Loop& loop)
{
    auto const interval = watchdog_interval();
    if (!interval) return {};
    // Half, as systemd advises: one late turn is not a death.
    return loop.every(std::max(*interval / 2, std::chrono::milliseconds{1}), notify_alive);
}

} // namespace ecluse
