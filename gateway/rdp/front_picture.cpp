#include "gateway/rdp/front_picture.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ecluse::rdp {
namespace {

/// 8 KiB at 32 bits: fits an update that is not cut into fragments.
constexpr int tile_width = 64;
constexpr int tile_height = 32;

void put_pixel(std::vector<BYTE>& to, Color color, unsigned bits)
{
    auto const red = color >> 16 & 0xff;
    auto const green = color >> 8 & 0xff;
    auto const blue = color & 0xff;
    auto const put = [&](unsigned value) { to.push_back(static_cast<BYTE>(value & 0xff)); };
    if (bits == 15 || bits == 16) {
        auto const packed = bits == 16 ? (red >> 3) << 11 | (green >> 2) << 5 | blue >> 3
                                       : (red >> 3) << 10 | (green >> 3) << 5 | blue >> 3;
        put(packed);
        put(packed >> 8);
        return;
    }
    put(blue);
    put(green);
    put(red);
    if (bits == 32) put(0);
}

/// Rows from the bottom, their width a multiple of four pixels: as the protocol wants them.
std::vector<BYTE> tile_bytes(Pixels const& pixels, Rect const& tile, int width, unsigned bits)
{
    std::vector<BYTE> bytes;
    bytes.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(tile.height) * 4);
    for (int row = tile.height - 1; row >= 0; --row) {
        for (int column = 0; column < width; ++column) {
            // The padding repeats the last pixel.
            auto const x = tile.x + std::min(column, tile.width - 1);
            auto const at =
                static_cast<std::size_t>(tile.y + row) * static_cast<std::size_t>(pixels.width) +
                static_cast<std::size_t>(x);
            put_pixel(bytes, pixels.colors[at], bits);
        }
    }
    return bytes;
}

bool send_tile(rdpContext* front, Pixels const& pixels, Rect const& tile, int x, int y)
{
    auto const depth = freerdp_settings_get_uint32(front->settings, FreeRDP_ColorDepth);
    auto const bits = depth == 15 || depth == 16 || depth == 24 ? depth : 32;
    int const width = (tile.width + 3) / 4 * 4;
    auto bytes = tile_bytes(pixels, tile, width, bits);
    BITMAP_DATA data{};
    data.destLeft = static_cast<UINT32>(x);
    data.destTop = static_cast<UINT32>(y);
    data.destRight = static_cast<UINT32>(x + tile.width - 1);
    data.destBottom = static_cast<UINT32>(y + tile.height - 1);
    data.width = static_cast<UINT32>(width);
    data.height = static_cast<UINT32>(tile.height);
    data.bitsPerPixel = bits;
    data.bitmapLength = static_cast<UINT32>(bytes.size());
    data.bitmapDataStream = bytes.data();
    BITMAP_UPDATE update{};
    update.number = 1;
    update.rectangles = &data;
    update.skipCompression = TRUE;
    rdp_update_lock(front->update);
    // A client that is being activated anew would lose its way on a picture in between; what it
    // misses is drawn again with the target's own.
    bool const sent =
        !freerdp_is_active_state(front) || front->update->BitmapUpdate(front, &update) == TRUE;
    rdp_update_unlock(front->update);
    return sent;
}

} // namespace

bool send_pixels(rdpContext* front, Pixels const& pixels, Rect from, int x, int y)
{
    for (int top = 0; top < from.height; top += tile_height) {
        for (int left = 0; left < from.width; left += tile_width) {
            Rect const tile{
                from.x + left,
                from.y + top,
                std::min(tile_width, from.width - left),
                std::min(tile_height, from.height - top)};
            if (!send_tile(front, pixels, tile, x + left, y + top)) return false;
        }
    }
    return true;
}

} // namespace ecluse::rdp
