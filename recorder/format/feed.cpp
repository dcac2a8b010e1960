#include "recorder/format/feed.h"

#include "recorder/format/big_endian.h"

namespace ecluse::feed {
namespace {

constexpr std::size_t length_bytes = 4;
/// Kind, channel and time belong to the length, as in frame.h.
constexpr std::size_t counted_head_bytes = frame_head_bytes - length_bytes;
constexpr std::size_t kept_capacity = 64UL * 1024;
constexpr std::size_t bitmap_head_bytes = 8 * 2 + 4;
constexpr std::size_t surface_head_bytes = 5 * 2 + 3 + 2 * 2;

bool is_kind(char c)
{
    return std::string_view{"DUSGpknez"}.find(c) != std::string_view::npos;
}

Error malformed(char const* what)
{
    return Error{Errc::malformed, std::string{"feed: "} + what};
}

/// The frames at the front of `bytes`, and how many bytes they are.
Result<std::size_t> take(std::string_view bytes, std::vector<FrameView>& frames, bool& ended)
{
    std::size_t taken = 0;
    for (;;) {
        auto const rest = bytes.substr(taken);
        if (rest.empty()) return taken;
        if (ended) return malformed("bytes after the end frame");
        if (rest.size() < length_bytes + 1) return taken;
        Cursor head{rest};
        auto const length = head.number<std::uint32_t>();
        if (length < counted_head_bytes || length > counted_head_bytes + payload_max)
            return malformed("a frame of that length");
        if (!is_kind(rest[length_bytes])) return malformed("unknown kind");
        auto const whole = length_bytes + std::size_t{length};
        if (rest.size() < whole) return taken;
        (void)head.bytes(1);
        if (head.number<std::uint16_t>() != 0) return malformed("a channel");
        auto const mono_us = head.number<std::uint64_t>();
        auto const payload = rest.substr(frame_head_bytes, whole - frame_head_bytes);
        frames.push_back({Kind{rest[length_bytes]}, mono_us, payload});
        ended = frames.back().kind == Kind::end;
        taken += whole;
    }
}

} // namespace

void append_frame(std::string& to, Kind kind, std::uint64_t mono_us, std::string_view payload)
{
    ECLUSE_ASSERT(payload.size() <= payload_max);
    append_big_endian(to, static_cast<std::uint32_t>(counted_head_bytes + payload.size()));
    to.push_back(static_cast<char>(kind));
    append_big_endian(to, std::uint16_t{0});
    append_big_endian(to, mono_us);
    to.append(payload);
}

std::string encode(DesktopSize size)
{
    std::string to;
    append_big_endian(to, size.width);
    append_big_endian(to, size.height);
    return to;
}

std::string encode(PointerPlace place)
{
    std::string to;
    append_big_endian(to, place.x);
    append_big_endian(to, place.y);
    return to;
}

std::string encode(std::vector<Bitmap> const& bitmaps)
{
    ECLUSE_ASSERT(bitmaps.size() <= bitmaps_max);
    std::string to;
    append_big_endian(to, static_cast<std::uint16_t>(bitmaps.size()));
    for (auto const& bitmap : bitmaps) {
        for (auto const number :
             {bitmap.left,
              bitmap.top,
              bitmap.right,
              bitmap.bottom,
              bitmap.width,
              bitmap.height,
              bitmap.bits_per_pixel,
              bitmap.flags})
            append_big_endian(to, number);
        append_big_endian(to, static_cast<std::uint32_t>(bitmap.bytes.size()));
        to.append(bitmap.bytes);
    }
    return to;
}

std::string encode(Surface const& surface)
{
    std::string to;
    for (auto const number :
         {surface.left, surface.top, surface.right, surface.bottom, surface.command})
        append_big_endian(to, number);
    for (auto const number : {surface.bits_per_pixel, surface.flags, surface.codec})
        append_big_endian(to, number);
    append_big_endian(to, surface.width);
    append_big_endian(to, surface.height);
    to.append(surface.bytes);
    return to;
}

Result<DesktopSize> parse_desktop(std::string_view payload)
{
    Cursor cursor{payload};
    DesktopSize size{};
    size.width = cursor.number<std::uint16_t>();
    size.height = cursor.number<std::uint16_t>();
    if (cursor.is_short() || !cursor.rest().empty()) return malformed("desktop of that length");
    if (size.width == 0 || size.height == 0 || size.width > desktop_edge_max ||
        size.height > desktop_edge_max)
        return malformed("desktop of that size");
    return size;
}

Result<PointerPlace> parse_pointer(std::string_view payload)
{
    Cursor cursor{payload};
    PointerPlace place{};
    place.x = cursor.number<std::uint16_t>();
    place.y = cursor.number<std::uint16_t>();
    if (cursor.is_short() || !cursor.rest().empty()) return malformed("pointer of that length");
    return place;
}

Result<std::vector<Bitmap>> parse_bitmaps(std::string_view payload)
{
    Cursor cursor{payload};
    auto const count = cursor.number<std::uint16_t>();
    // Before memory is taken for them.
    if (count > bitmaps_max || cursor.rest().size() < count * bitmap_head_bytes)
        return malformed("more rectangles than bytes");
    std::vector<Bitmap> bitmaps(count);
    for (auto& bitmap : bitmaps) {
        for (auto* const number :
             {&bitmap.left,
              &bitmap.top,
              &bitmap.right,
              &bitmap.bottom,
              &bitmap.width,
              &bitmap.height,
              &bitmap.bits_per_pixel,
              &bitmap.flags})
            *number = cursor.number<std::uint16_t>();
        bitmap.bytes = cursor.bytes(cursor.number<std::uint32_t>());
        if (bitmap.right < bitmap.left || bitmap.bottom < bitmap.top || bitmap.width == 0 ||
            bitmap.height == 0)
            return malformed("a rectangle with its edges out of order");
    }
    if (cursor.is_short() || !cursor.rest().empty()) return malformed("bitmaps of that length");
    return bitmaps;
}

Result<Surface> parse_surface(std::string_view payload)
{
    Cursor cursor{payload};
    if (payload.size() < surface_head_bytes) return malformed("surface of that length");
    Surface surface{};
    for (auto* const number :
         {&surface.left, &surface.top, &surface.right, &surface.bottom, &surface.command})
        *number = cursor.number<std::uint16_t>();
    for (auto* const number : {&surface.bits_per_pixel, &surface.flags, &surface.codec})
        *number = cursor.number<std::uint8_t>();
    surface.width = cursor.number<std::uint16_t>();
    surface.height = cursor.number<std::uint16_t>();
    surface.bytes = cursor.rest();
    if (surface.right < surface.left || surface.bottom < surface.top || surface.width == 0 ||
        surface.height == 0)
        return malformed("a surface with its edges out of order");
    return surface;
}

Result<std::vector<FrameView>> Decoder::feed(std::string_view bytes)
{
    if (broken_) return malformed("after a fault");
    buffer_.erase(0, consumed_);
    consumed_ = 0;
    if (buffer_.empty() && buffer_.capacity() > kept_capacity) std::string{}.swap(buffer_);
    std::vector<FrameView> frames;
    bool const direct = buffer_.empty();
    if (!direct) buffer_.append(bytes);
    auto const taken = take(direct ? bytes : std::string_view{buffer_}, frames, ended_);
    if (!taken) {
        broken_ = true;
        return taken.error();
    }
    if (direct)
        buffer_.assign(bytes.substr(*taken));
    else
        consumed_ = *taken;
    return frames;
}

} // namespace ecluse::feed
