#pragma once

#include "gateway/rdp/channels/channel_watch.h"
#include "gateway/rdp/channels/reassembler.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>

/// Plays a list of messages to a watch, and what passes to a second one with the same grants: what
/// passes must parse again, and what is denied must not be in it.
namespace ecluse::rdp::fuzz {

[[nodiscard]] inline Grants grants_of(unsigned char bits)
{
    return {
        .clipboard_in = (bits & 1) != 0,
        .clipboard_out = (bits & 2) != 0,
        .file_up = (bits & 4) != 0,
        .file_down = (bits & 8) != 0,
        .sound = (bits & 16) != 0,
        .graphics = (bits & 32) != 0};
}

/// The input: a byte of grants, then messages: a byte whose low bit says "to the vendor", two bytes
/// of length, the bytes. `allowed(grants, direction, message)` judges each message that passed.
template <class Allowed>
void play(std::string_view channel, std::string_view input, Allowed const& allowed)
{
    if (input.empty()) return;
    auto const grants = grants_of(static_cast<unsigned char>(input[0]));
    input.remove_prefix(1);
    Limits const limits{.clipboard_bytes_max = 256, .file_bytes_max = 1024};
    ChannelWatch watch{grants, limits};
    ChannelWatch again{grants, limits};
    (void)watch.may_create_static(channel, 0);
    (void)again.may_create_static(channel, 0);
    std::map<Direction, std::string> passed;
    bool faulted = false;
    while (input.size() >= 3 && !faulted) {
        auto const direction = (input[0] & 1) != 0 ? Direction::to_vendor : Direction::to_target;
        auto const length = static_cast<std::size_t>(static_cast<unsigned char>(input[1])) * 256 +
                            static_cast<unsigned char>(input[2]);
        input.remove_prefix(3);
        auto const message = input.substr(0, length);
        input.remove_prefix(message.size());
        auto const verdict = watch.on_static(
            channel,
            direction,
            message,
            chunk_first | chunk_last,
            static_cast<std::uint32_t>(message.size())
        );
        faulted = !verdict.fault.empty();
        if (faulted && !verdict.forward.empty()) std::abort();
        for (auto const& chunk : verdict.forward) {
            if ((chunk.flags & chunk_first) != 0) passed[chunk.direction].clear();
            passed[chunk.direction] += chunk.bytes;
            auto const second =
                again.on_static(channel, chunk.direction, chunk.bytes, chunk.flags, chunk.total);
            if (!second.fault.empty()) std::abort(); // what passes parses again
            if ((chunk.flags & chunk_last) != 0 &&
                !allowed(grants, chunk.direction, passed[chunk.direction]))
                std::abort(); // what is denied does not pass
        }
    }
    (void)watch.conclude();
    (void)again.conclude();
}

} // namespace ecluse::rdp::fuzz
