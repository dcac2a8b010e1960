#include "gateway/ssh/stream_tap.h"

#include "gateway/ssh/events.h"

namespace ecluse::ssh {

void StreamTap::note(bool up, std::string_view bytes)
{
    if (up != is_up_) return;
    bytes_ += bytes.size();
    hash_.update(bytes);
}

Tap::Result StreamTap::up(std::string_view bytes, Deadline)
{
    note(true, bytes);
    Result result;
    result.forward = bytes;
    return result;
}

Tap::Result StreamTap::down(std::string_view bytes, Deadline)
{
    note(false, bytes);
    Result result;
    result.forward = bytes;
    return result;
}

std::vector<std::string> StreamTap::conclude(std::optional<int> exit)
{
    auto const last = rules_.command.rfind(' ');
    return {to_event(TransferEvent{
        .channel = rules_.channel,
        .protocol = "rsync",
        .up = is_up_,
        .name = std::string_view{rules_.command}.substr(last == std::string::npos ? 0 : last + 1),
        .bytes = bytes_,
        .sha256 = hash_.finish(),
        .sequential = true,
        .complete = exit == 0})};
}

} // namespace ecluse::ssh
