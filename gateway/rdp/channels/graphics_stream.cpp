#include "gateway/rdp/channels/graphics_stream.h"

#include "gateway/rdp/channels/wire.h"
#include "recorder/format/feed.h"

#include <algorithm>

namespace ecluse::rdp {
namespace {

enum Command : std::uint16_t {
    wire_to_surface = 0x01,
    surface_to_surface = 0x05,
    create_surface = 0x09,
    delete_surface = 0x0A,
    start_frame = 0x0B,
    end_frame = 0x0C,
    frame_acknowledge = 0x0D,
    reset_graphics = 0x0E,
    map_to_output = 0x0F,
    cache_import_offer = 0x10,
    qoe_acknowledge = 0x16,
    map_to_scaled_output = 0x17
};

constexpr std::size_t head_bytes = 8;
constexpr std::uint8_t pixels_xrgb = 0x20;
/// More than a monitor each, and than windows that are mapped one by one.
constexpr std::size_t surfaces_max = 1024;
/// Numbers of our frames begin here; a target counts from the bottom.
constexpr std::uint32_t own_frame_first = 0xEC000000;

std::string pdu(Command command, std::string const& body)
{
    std::string bytes;
    put_u16(bytes, command);
    put_u16(bytes, 0);
    put_u32(bytes, static_cast<std::uint32_t>(head_bytes + body.size()));
    return bytes + body;
}

std::string numbers16(std::initializer_list<unsigned> values)
{
    std::string bytes;
    for (auto const value : values)
        put_u16(bytes, static_cast<std::uint16_t>(value));
    return bytes;
}

/// Draws nothing new: the client brings this part of the surface to its screen again.
std::string
copy_onto_itself(unsigned surface, unsigned left, unsigned top, unsigned right, unsigned bottom)
{
    return pdu(
        surface_to_surface, numbers16({surface, surface, left, top, right, bottom, 1, left, top})
    );
}

} // namespace

std::optional<GraphicsStream::Head> GraphicsStream::next(std::string_view& message)
{
    WireReader reader{message};
    auto const command = reader.u16();
    reader.take(2);
    std::size_t const length = reader.u32();
    if (!reader.good() || length < head_bytes || length > message.size()) return std::nullopt;
    Head const head{command, message.substr(head_bytes, length - head_bytes)};
    message.remove_prefix(length);
    return head;
}

// From the target ------------------------------------------------------------------------------

bool GraphicsStream::note_reset(std::string_view body)
{
    WireReader reader{body};
    std::uint64_t const width = reader.u32();
    std::uint64_t const height = reader.u32();
    return reader.good() && width > 0 && height > 0 && width <= feed::desktop_edge_max &&
           height <= feed::desktop_edge_max && width * height <= feed::desktop_pixels_max;
}

bool GraphicsStream::note_surface(Head const& head)
{
    WireReader reader{head.body};
    auto const id = reader.u16();
    auto const found = surfaces_.find(id);
    if (head.command == delete_surface) {
        if (found != surfaces_.end()) surfaces_.erase(found);
        return reader.good();
    }
    if (head.command == create_surface) {
        auto const width = reader.u16();
        auto const height = reader.u16();
        if (surfaces_.size() >= surfaces_max) return false;
        surfaces_.insert_or_assign(id, Surface{.width = width, .height = height});
        return reader.good();
    }
    reader.take(2);
    auto const x = reader.u32();
    auto const y = reader.u32();
    if (found == surfaces_.end()) return reader.good();
    found->second.is_mapped = true;
    found->second.is_scaled = head.command == map_to_scaled_output;
    found->second.x = x;
    found->second.y = y;
    return reader.good();
}

bool GraphicsStream::note(Head const& head)
{
    switch (head.command) {
    case reset_graphics:
        // What was laid over the old desktop is laid over the new one.
        is_new_ = is_new_ || shown_.has_value();
        return note_reset(head.body);
    case create_surface:
    case delete_surface:
    case map_to_output:
    case map_to_scaled_output:
        return note_surface(head);
    case start_frame:
        in_frame_ = true;
        return true;
    case end_frame:
        in_frame_ = false;
        has_drawn_ = true;
        return true;
    default:
        // Codecs and caches: the recording's decoder looks into them.
        return true;
    }
}

std::optional<std::string> GraphicsStream::from_target(std::string_view message)
{
    auto const whole = bulk_.read(message);
    if (!whole) return std::nullopt;
    std::string out;
    for (std::string_view left = *whole; !left.empty();) {
        auto const from = left;
        auto const head = next(left);
        if (!head) return std::nullopt;
        // A number that the target takes for itself is not ours any more.
        if (head->command == create_surface && shown_ &&
            WireReader{head->body}.u16() == own_surface_) {
            out += take_away();
            is_new_ = true;
        }
        if (!note(*head)) return std::nullopt;
        out += from.substr(0, from.size() - left.size());
    }
    return in_plain_segments(out + turn());
}

// From the vendor ------------------------------------------------------------------------------

bool GraphicsStream::answers_us(Head const& head)
{
    WireReader reader{head.body};
    if (head.command == frame_acknowledge) reader.take(4);
    auto const frame = reader.u32();
    bool const is_ours =
        reader.good() && frame >= own_frame_first && frame - own_frame_first < own_frames_;
    if (is_ours && head.command == frame_acknowledge) ++own_answered_;
    return is_ours;
}

std::optional<std::string> GraphicsStream::from_vendor(std::string_view message)
{
    std::string kept;
    while (!message.empty()) {
        auto const from = message;
        auto const head = next(message);
        if (!head) return std::nullopt;
        if (head->command == cache_import_offer) continue;
        bool const is_acknowledgement = head->command == frame_acknowledge;
        if ((is_acknowledgement || head->command == qoe_acknowledge) && answers_us(*head)) continue;
        if (!is_acknowledgement || own_answered_ == 0) {
            kept += from.substr(0, from.size() - message.size());
            continue;
        }
        // The client counts the frames it has decoded, ours included.
        WireReader reader{head->body};
        std::string body{reader.take(8)};
        auto const decoded = reader.u32();
        if (!reader.good()) return std::nullopt;
        put_u32(body, decoded - own_answered_);
        kept += pdu(frame_acknowledge, body);
    }
    return kept;
}

// Our own --------------------------------------------------------------------------------------

std::string GraphicsStream::frame_of(std::string const& content)
{
    auto const number = own_frame_first + own_frames_++;
    std::string start;
    put_u32(start, 0); // no time of day
    put_u32(start, number);
    std::string end;
    put_u32(end, number);
    return pdu(start_frame, start) + content + pdu(end_frame, end);
}

std::uint16_t GraphicsStream::free_surface() const
{
    std::uint16_t id = 0xFFFE;
    while (surfaces_.contains(id))
        --id;
    return id;
}

std::string GraphicsStream::show()
{
    auto const& overlay = *wanted_;
    own_surface_ = free_surface();
    std::string create = numbers16({own_surface_, overlay.width, overlay.height});
    put_u8(create, pixels_xrgb);
    std::string place = numbers16({own_surface_, 0});
    put_u32(place, overlay.x);
    put_u32(place, overlay.y);
    std::string draw = numbers16({own_surface_, 0}); // no codec
    put_u8(draw, pixels_xrgb);
    draw += numbers16({0, 0, overlay.width, overlay.height});
    put_u32(draw, static_cast<std::uint32_t>(overlay.pixels.size() * 4));
    for (auto const pixel : overlay.pixels)
        put_u32(draw, pixel);
    shown_ = wanted_;
    return pdu(create_surface, create) + pdu(map_to_output, place) +
           frame_of(pdu(wire_to_surface, draw));
}

/// The target's own surfaces, where our overlay was.
std::string GraphicsStream::uncover() const
{
    std::string out;
    for (auto const& [id, surface] : surfaces_) {
        if (!surface.is_mapped || surface.width == 0 || surface.height == 0) continue;
        std::int64_t left = 0, top = 0, right = surface.width, bottom = surface.height;
        if (!surface.is_scaled) {
            left = std::max<std::int64_t>(left, std::int64_t{shown_->x} - surface.x);
            top = std::max<std::int64_t>(top, std::int64_t{shown_->y} - surface.y);
            right = std::min(right, std::int64_t{shown_->x} + shown_->width - surface.x);
            bottom = std::min(bottom, std::int64_t{shown_->y} + shown_->height - surface.y);
        }
        if (left >= right || top >= bottom) continue;
        out += copy_onto_itself(
            id,
            static_cast<unsigned>(left),
            static_cast<unsigned>(top),
            static_cast<unsigned>(right),
            static_cast<unsigned>(bottom)
        );
    }
    return out;
}

std::string GraphicsStream::take_away()
{
    auto const under = uncover();
    shown_.reset();
    return pdu(delete_surface, numbers16({own_surface_})) +
           (in_frame_ || under.empty() ? under : frame_of(under));
}

std::string GraphicsStream::turn()
{
    // Between two frames of the target's, and when there is something to lie over.
    if (in_frame_ || !draws()) return {};
    bool const was_covered = std::exchange(has_drawn_, false) && shown_;
    std::string out;
    if (std::exchange(is_new_, false)) {
        if (shown_) out += take_away();
        if (wanted_) out += show();
    } else if (was_covered) {
        out += frame_of(copy_onto_itself(own_surface_, 0, 0, shown_->width, shown_->height));
    }
    return out;
}

std::string GraphicsStream::lay(std::optional<Overlay> overlay)
{
    wanted_ = std::move(overlay);
    is_new_ = wanted_.has_value() || shown_.has_value();
    auto const out = turn();
    return out.empty() ? out : in_plain_segments(out);
}

} // namespace ecluse::rdp
