#include "gateway/ssh/tap.h"

#include "gateway/ssh/exec_tap.h"
#include "gateway/ssh/scp_tap.h"
#include "gateway/ssh/sftp_tap.h"
#include "gateway/ssh/stream_tap.h"

namespace ecluse::ssh {

std::unique_ptr<Tap> make_tap(ChannelKind kind, TapRules const& rules, Deadline now)
{
    switch (kind) {
    // A shell without terminal is a command without end.
    case ChannelKind::shell:
    case ChannelKind::exec:
        return std::make_unique<ExecTap>(rules, now);
    case ChannelKind::sftp:
        return std::make_unique<SftpTap>(rules);
    case ChannelKind::scp_up:
        return std::make_unique<ScpTap>(rules, true);
    case ChannelKind::scp_down:
        return std::make_unique<ScpTap>(rules, false);
    case ChannelKind::rsync_up:
        return std::make_unique<StreamTap>(rules, true);
    case ChannelKind::rsync_down:
        return std::make_unique<StreamTap>(rules, false);
    }
    return std::make_unique<ExecTap>(rules, now);
}

} // namespace ecluse::ssh
