#include "gateway/rdp/channels/dynamic_rules.h"

#include "gateway/rdp/channels/desktop_size.h"
#include "gateway/rdp/channels/wire.h"

#include <algorithm>
#include <optional>

namespace ecluse::rdp {
namespace {

enum Command : std::uint8_t {
    create = 1,
    data_first = 2,
    data = 3,
    close_channel = 4,
    capabilities = 5
};

/// What fits into one chunk of the static channel: no peer needs to put our PDUs together.
constexpr std::size_t pdu_bytes_max = 1600;
/// Of a PDU of a peer: it may use chunks of 16 KiB, and a PDU is meant to be one chunk.
constexpr std::size_t received_bytes_max = 64U * 1024;
/// Of a message: what the feed of the recording carries at most.
constexpr std::size_t message_bytes_max = 16U << 20;
/// Of all messages under way together. Graphics come one at a time.
constexpr std::size_t held_bytes_max = 32U << 20;
/// Two are on our list; ids come back after a channel was closed.
constexpr std::size_t channels_max = 16;
/// DYNVC_CAPS_VERSION2: priorities, but neither compression nor soft sync.
constexpr std::uint16_t version_max = 2;
/// Answered to a target that asks for a channel which is not allowed: what a client answers that
/// does not know the name.
constexpr std::uint32_t no_such_listener = 0xC0000001;
/// A client's offer to import its cache of pictures from an earlier session. The recording's
/// decoder was not there, so it would show nothing where the target draws from that cache.
constexpr std::uint16_t cache_import_offer = 0x10;

std::size_t code_bytes(std::uint8_t code)
{
    return std::size_t{1} << code; // 0: 1 byte, 1: 2, 2: 4
}

std::uint8_t code_of(std::uint32_t value)
{
    if (value <= 0xFF) return 0;
    return value <= 0xFFFF ? 1 : 2;
}

std::string head(std::uint8_t command, std::uint8_t second, std::uint32_t id)
{
    auto const code = code_of(id);
    std::string bytes;
    put_u8(bytes, static_cast<std::uint8_t>(command << 4 | second << 2 | code));
    put_number(bytes, id, code_bytes(code));
    return bytes;
}

/// [MS-RDPEDISP]: by which a client asks for another size of the desktop.
constexpr std::string_view display_control = "Microsoft::Windows::RDS::DisplayControl";
constexpr std::uint32_t display_layout = 2;
constexpr std::uint32_t display_capabilities = 5;
constexpr std::uint32_t monitor_bytes = 40;
constexpr std::uint32_t monitors_max = 16;

bool is_desktop(std::uint32_t width, std::uint32_t height)
{
    return width >= desktop_edge_min && width <= desktop_width_max && width % 2 == 0 &&
           height >= desktop_edge_min && height <= desktop_height_max;
}

/// What the target says it can, no more than the recording can: one monitor. Empty: not so.
std::string display_limits(std::string_view message)
{
    constexpr std::uint32_t length = 20;
    WireReader reader{message};
    bool const is_head = reader.u32() == display_capabilities && reader.u32() == length;
    auto const monitors = reader.u32();
    auto const width = reader.u32();
    auto const height = reader.u32();
    if (!is_head || !reader.good() || !reader.empty() || monitors == 0) return {};
    std::string bytes;
    put_u32(bytes, display_capabilities);
    put_u32(bytes, length);
    put_u32(bytes, 1);
    put_u32(bytes, std::min(width, desktop_width_max));
    put_u32(bytes, std::min(height, desktop_height_max));
    return bytes;
}

struct Layout {
    std::uint32_t monitors;
    std::uint32_t width; // of the first
    std::uint32_t height;
};

std::optional<Layout> read_layout(std::string_view message)
{
    WireReader reader{message};
    bool const is_head = reader.u32() == display_layout && reader.u32() == message.size() &&
                         reader.u32() == monitor_bytes;
    auto const monitors = reader.u32();
    if (!is_head || !reader.good() || monitors == 0 || monitors > monitors_max ||
        reader.rest().size() != std::size_t{monitors} * monitor_bytes)
        return std::nullopt;
    reader.take(12); // flags and place
    auto const width = reader.u32();
    auto const height = reader.u32();
    return Layout{monitors, width, height};
}

/// One monitor, primary, not turned, of unknown extent in millimetres, not enlarged.
std::string layout_message(std::uint32_t width, std::uint32_t height)
{
    constexpr std::uint32_t primary = 1;
    constexpr std::uint32_t percent = 100;
    std::string bytes;
    for (auto const number :
         {display_layout, 16 + monitor_bytes, monitor_bytes, 1U, primary, 0U, 0U, width, height,
          0U, 0U, 0U, percent, percent})
        put_u32(bytes, number);
    return bytes;
}

/// [MS-RDPEGFX]: several PDUs in a message, each with its length. Nothing: not so.
std::optional<std::string> without_cache_offers(std::string_view message)
{
    std::string kept;
    while (!message.empty()) {
        WireReader reader{message};
        auto const command = reader.u16();
        reader.take(2);
        std::size_t const length = reader.u32();
        if (!reader.good() || length < 8 || length > message.size()) return std::nullopt;
        if (command != cache_import_offer) kept += message.substr(0, length);
        message.remove_prefix(length);
    }
    return kept;
}

} // namespace

std::size_t DynamicRules::kept_max() const
{
    return received_bytes_max;
}

Outcome DynamicRules::on_message(Message const& message)
{
    Outcome out;
    WireReader reader{message.bytes};
    auto const first = reader.u8();
    Head const parts{
        .command = static_cast<std::uint8_t>(first >> 4),
        .length_code = static_cast<std::uint8_t>(first >> 2 & 3),
        .id = 0};
    if (parts.command == capabilities) {
        on_capabilities(message, out);
        return out;
    }
    auto const id_code = static_cast<std::uint8_t>(first & 3);
    if (id_code == 3) {
        out.fault = "dynamic channels: id length";
        return out;
    }
    auto with_id = parts;
    with_id.id = static_cast<std::uint32_t>(reader.number(code_bytes(id_code)));
    if (!reader.good()) {
        out.fault = "dynamic channels: too short";
        return out;
    }
    switch (parts.command) {
    case create:
        on_create(message, with_id, reader.rest(), out);
        break;
    case data_first:
    case data:
        on_data(message, with_id, reader.rest(), out);
        break;
    case close_channel:
        on_close(message, with_id, out);
        break;
    default:
        // Compressed data and soft sync included: nobody was offered a version that has them.
        out.fault = "dynamic channels: command";
    }
    return out;
}

void DynamicRules::on_capabilities(Message const& message, Outcome& out)
{
    WireReader reader{message.bytes};
    reader.take(2);
    auto const version = std::min(reader.u16(), version_max);
    if (!reader.good() || version == 0) {
        out.fault = "dynamic channels: capabilities";
        return;
    }
    std::string bytes;
    put_u8(bytes, capabilities << 4);
    put_u8(bytes, 0);
    put_u16(bytes, version);
    if (message.direction == Direction::to_target) {
        // The proxy library asks the vendor on its own account as well; that answer ends here.
        if (capabilities_unanswered_ == 0) return;
        --capabilities_unanswered_;
    } else {
        if (++capabilities_unanswered_ > channels_max) {
            out.fault = "dynamic channels: capabilities again and again";
            return;
        }
        if (version >= 2) {
            auto const charges = reader.take(8);
            if (!reader.good()) {
                out.fault = "dynamic channels: priority charges";
                return;
            }
            bytes += charges;
        }
    }
    out.send(message.direction, bytes);
}

std::optional<DynamicRules::Kind> DynamicRules::kind_of(std::string_view name) const
{
    if (name == "Microsoft::Windows::RDS::Graphics" && grants_.graphics) return Kind::graphics;
    if ((name == "AUDIO_PLAYBACK_DVC" || name == "AUDIO_PLAYBACK_LOSSY_DVC") && grants_.sound)
        return Kind::sound;
    // How large the desktop is belongs to the desktop.
    if (name == display_control) return Kind::display;
    return std::nullopt;
}

void DynamicRules::on_create(
    Message const& message, Head const& parts, std::string_view rest, Outcome& out
)
{
    auto const found = channels_.find(parts.id);
    if (message.direction == Direction::to_target) {
        WireReader reader{rest};
        auto const status = reader.u32();
        if (!reader.good()) {
            out.fault = "dynamic channels: creation status";
            return;
        }
        if (found == channels_.end() || found->second.state != State::asked) return;
        bool const failed = (status & 0x80000000U) != 0;
        if (failed)
            channels_.erase(found);
        else
            found->second.state = State::open;
        auto bytes = head(create, 0, parts.id);
        put_u32(bytes, status);
        out.send(message.direction, bytes);
        return;
    }
    auto const end = rest.find('\0');
    if (end == std::string_view::npos || end == 0) {
        out.fault = "dynamic channels: name";
        return;
    }
    auto const name = rest.substr(0, end);
    auto const kind = kind_of(name);
    if (!kind) {
        out.tell_all(refusals_.channel(name));
        auto bytes = head(create, 0, parts.id);
        put_u32(bytes, no_such_listener);
        out.send(Direction::to_target, bytes);
        return;
    }
    bool const taken = found != channels_.end() && found->second.state != State::closing;
    if (taken || channels_.size() >= channels_max) {
        out.fault = "dynamic channels: id in use, or too many";
        return;
    }
    channels_.insert_or_assign(parts.id, Channel{.kind = *kind});
    auto bytes = head(create, parts.length_code, parts.id); // here: the priority
    bytes += name;
    bytes.push_back('\0');
    out.send(message.direction, bytes);
}

void DynamicRules::on_close(Message const& message, Head const& parts, Outcome& out)
{
    auto const found = channels_.find(parts.id);
    if (found == channels_.end()) return;
    for (auto* const assembly : {&found->second.to_target, &found->second.to_vendor}) {
        held_bytes_ -= assembly->bytes.size();
        *assembly = {};
    }
    // The target's close is answered by the vendor's; the vendor's own stands alone.
    if (message.direction == Direction::to_vendor)
        found->second.state = State::closing;
    else
        channels_.erase(found);
    out.send(message.direction, head(close_channel, 0, parts.id));
}

void DynamicRules::on_data(
    Message const& message, Head const& parts, std::string_view rest, Outcome& out
)
{
    auto const found = channels_.find(parts.id);
    // Late or refused: it has nowhere to go.
    if (found == channels_.end() || found->second.state != State::open) return;
    auto& channel = found->second;
    auto& assembly =
        message.direction == Direction::to_target ? channel.to_target : channel.to_vendor;
    if (parts.command == data_first) {
        if (parts.length_code == 3 || assembly.total > 0) {
            out.fault = "dynamic channels: first fragment";
            return;
        }
        WireReader reader{rest};
        assembly.total = static_cast<std::size_t>(reader.number(code_bytes(parts.length_code)));
        rest = reader.rest();
        if (!reader.good() || assembly.total == 0 || assembly.total > message_bytes_max) {
            out.fault = "dynamic channels: message length";
            return;
        }
    } else if (assembly.total == 0) {
        deliver(message.direction, parts.id, channel.kind, std::string{rest}, out);
        return;
    }
    if (rest.empty() || rest.size() > assembly.total - assembly.bytes.size() ||
        rest.size() > held_bytes_max - held_bytes_) {
        out.fault = "dynamic channels: fragment";
        return;
    }
    assembly.bytes += rest;
    held_bytes_ += rest.size();
    if (assembly.bytes.size() < assembly.total) return;
    auto whole = std::move(assembly.bytes);
    assembly = {};
    held_bytes_ -= whole.size();
    deliver(message.direction, parts.id, channel.kind, std::move(whole), out);
}

std::string DynamicRules::judge(Direction direction, Kind kind, std::string whole, Outcome& out)
{
    if (kind == Kind::display) return judge_display(direction, std::move(whole), out);
    if (kind != Kind::graphics || direction == Direction::to_vendor) return whole;
    auto kept = without_cache_offers(whole);
    if (!kept) out.fault = "dynamic channels: graphics message";
    return kept.value_or(std::string{});
}

std::string DynamicRules::judge_display(Direction direction, std::string whole, Outcome& out)
{
    if (direction == Direction::to_vendor) {
        auto limits = display_limits(whole);
        if (limits.empty()) out.fault = "dynamic channels: display limits";
        return limits;
    }
    auto const layout = read_layout(whole);
    if (!layout) {
        out.fault = "dynamic channels: display layout";
        return {};
    }
    // As at the start several monitors would have to become one desktop; the client was told that
    // there is one.
    if (layout->monitors != 1 || !is_desktop(layout->width, layout->height)) {
        out.tell_all(refusals_.channel(std::string{display_control} + ": layout"));
        return {};
    }
    auto message = layout_message(layout->width, layout->height);
    // Each one makes the target begin its desktop anew.
    if (message == display_) return {};
    display_ = message;
    return message;
}

void DynamicRules::deliver(
    Direction direction, std::uint32_t id, Kind kind, std::string whole, Outcome& out
)
{
    whole = judge(direction, kind, std::move(whole), out);
    if (whole.empty()) return;
    auto bytes = head(data, 0, id);
    if (bytes.size() + whole.size() <= pdu_bytes_max) {
        out.send(direction, bytes + whole);
    } else {
        auto const code = code_of(static_cast<std::uint32_t>(whole.size()));
        auto first = head(data_first, code, id);
        put_number(first, whole.size(), code_bytes(code));
        std::string_view left = whole;
        for (auto* start = &first; !left.empty(); start = &bytes) {
            auto const part = left.substr(0, pdu_bytes_max - start->size());
            out.send(direction, *start + std::string{part});
            left.remove_prefix(part.size());
        }
    }
    if (kind == Kind::graphics && direction == Direction::to_vendor)
        out.graphics.push_back(std::move(whole));
}

} // namespace ecluse::rdp
