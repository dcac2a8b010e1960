#include "gateway/rdp/channels/file_transfer.h"

#include "gateway/ssh/events.h"

namespace ecluse::rdp {

void FileTransfer::add(std::uint64_t offset, std::string_view data)
{
    if (offset != next_) sequential_ = false;
    bytes_ += data.size();
    if (!sequential_) return;
    hash_.update(data);
    next_ += data.size();
}

Fact FileTransfer::conclude(End const& end)
{
    auto const event = ssh::to_event(ssh::TransferEvent{
        .channel = 0,
        .protocol = end.protocol,
        .up = end.direction == Direction::to_target,
        .name = end.name,
        .bytes = bytes_,
        .sha256 = sequential_ ? std::optional{hash_.finish()} : std::nullopt,
        .sequential = sequential_,
        .complete = end.complete});
    return {event, event};
}

} // namespace ecluse::rdp
