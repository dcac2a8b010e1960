#include "gateway/ssh/tap.h"

#include "gateway/ssh/exec_tap.h"

namespace ecluse::ssh {

std::unique_ptr<Tap> make_tap(ChannelKind, TapRules const& rules, Deadline now)
{
    return std::make_unique<ExecTap>(rules, now);
}

} // namespace ecluse::ssh
