#include "recorder/export/frames.h"

#include "common/bytes.h"
#include "common/json.h"
#include "recorder/format/chain.h"

#include <algorithm>
#include <utility>

namespace ecluse::recording {
namespace {

constexpr std::size_t chain_bytes_max = 512 * 1024 * 1024;
constexpr std::size_t label_chars_max = 200;

/// The wall time of the first chain line, moved to the first frame.
Result<std::uint64_t> start_ms(Recording const& recording, std::uint64_t first_us)
{
    auto const bytes = ECLUSE_TRY(recording.files().read("header.json", header_bytes_max));
    auto const chain = ECLUSE_TRY(recording.files().read("chain.txt", chain_bytes_max));
    ChainReader reader{chain, to_hex(sha256(bytes))};
    auto const line = ECLUSE_TRY(reader.next());
    if (!line || !line->segment) return std::uint64_t{0};
    auto const& segment = *line->segment;
    auto const earlier = segment.mono_ms - std::min(segment.mono_ms, first_us / 1000);
    return segment.utc_ms - std::min(segment.utc_ms, earlier);
}

} // namespace

Result<Outline> outline(Recording const& recording, ContentKey const& key)
{
    Outline found;
    bool any = false;
    auto const visit = [&](FrameView const& frame) -> Result<bool> {
        if (!std::exchange(any, true)) found.first_us = frame.mono_us;
        if (frame.kind == FrameKind::resize) {
            found.size = ECLUSE_TRY(parse_terminal_size(frame.payload));
            found.terminal = frame.channel;
        } else if (frame.kind == FrameKind::output) {
            found.terminal = frame.channel;
        }
        return !found.terminal;
    };
    ECLUSE_TRY(recording.for_each_frame(key, visit));
    found.started_ms = ECLUSE_TRY(start_ms(recording, found.first_us));
    return found;
}

std::uint64_t Timeline::microseconds(FrameView const& frame)
{
    last_us_ = std::max(last_us_, frame.mono_us);
    return last_us_ - first_us_;
}

std::string seconds_text(std::uint64_t microseconds)
{
    auto const part = std::to_string(microseconds % 1'000'000);
    return std::to_string(microseconds / 1'000'000) + "." + std::string(6 - part.size(), '0') +
           part;
}

std::string event_label(std::string_view payload)
{
    auto const object = parse_object(payload);
    if (!object) return "?";
    auto const field = [&](std::string_view name) {
        auto const* const value = object->if_contains(name);
        return value && value->is_string() ? std::string{value->get_string()} : std::string{};
    };
    auto label = field("type");
    for (auto const* name : {"command", "operation", "direction", "name", "what", "reason"})
        if (auto const value = field(name); !value.empty()) label += ": " + value;
    return printable(label, label_chars_max);
}

} // namespace ecluse::recording
