#include "gateway/ssh/exec_tap.h"

#include "gateway/ssh/events.h"

namespace ecluse::ssh {

ExecTap::ExecTap(TapRules const& rules, Deadline now)
    : channel_{rules.channel}, up_{true, rules.may_upload, ByteBudget{rules.budget_bytes, now}},
      down_{false, rules.may_download, ByteBudget{rules.budget_bytes, now}}
{
}

Tap::Result ExecTap::pass(Direction& direction, std::string_view bytes, Deadline now)
{
    Result result;
    result.forward = bytes;
    direction.bytes += bytes.size();
    // The hash covers the stream from its first byte, so that it can be compared with a file.
    direction.hash.update(bytes);
    auto const within = direction.budget.take(bytes.size(), now);
    result.record = bytes.substr(0, within);
    direction.recorded += within;
    if (within == bytes.size()) return result;
    if (!direction.bulk_allowed) {
        // INVARIANT: what is not recorded is not delivered.
        result.forward = result.record;
        result.stop = "function";
        result.events.push_back(
            function_refused(direction.up ? "file_up" : "file_down", "bulk data of a command")
        );
        return result;
    }
    if (!direction.elided) {
        direction.elided = true;
        result.notes.push_back(elision_started(direction.up, direction.recorded));
    }
    return result;
}

Tap::Result ExecTap::up(std::string_view bytes, Deadline now)
{
    return pass(up_, bytes, now);
}

Tap::Result ExecTap::down(std::string_view bytes, Deadline now)
{
    return pass(down_, bytes, now);
}

std::vector<std::string> ExecTap::conclude(std::optional<int>)
{
    std::vector<std::string> events;
    for (auto* const direction : {&up_, &down_}) {
        if (!direction->elided) continue;
        events.push_back(to_event(TransferEvent{
            .channel = channel_,
            .protocol = "exec",
            .up = direction->up,
            .name = "-",
            .bytes = direction->bytes,
            .sha256 = direction->hash.finish(),
            .sequential = true,
            .complete = true}));
    }
    return events;
}

} // namespace ecluse::ssh
