#include "recorder/encode/picture.h"

#include <algorithm>
#include <cstring>

namespace ecluse::encode {

ChangedTiles::ChangedTiles(int width, int height)
    : columns_{(width + edge - 1) / edge}, rows_{(height + edge - 1) / edge},
      tiles_(static_cast<std::size_t>(columns_ * rows_))
{
}

void ChangedTiles::mark(Box box)
{
    box.left = std::max(box.left, 0);
    box.top = std::max(box.top, 0);
    box.right = std::min(box.right, columns_ * edge);
    box.bottom = std::min(box.bottom, rows_ * edge);
    if (box.empty()) return;
    any_ = true;
    auto const first = box.left / edge;
    auto const count = (box.right - 1) / edge - first + 1;
    for (int row = box.top / edge; row <= (box.bottom - 1) / edge; ++row)
        std::memset(tiles_.data() + row * columns_ + first, 1, static_cast<std::size_t>(count));
}

void ChangedTiles::mark_all()
{
    std::fill(tiles_.begin(), tiles_.end(), std::uint8_t{1});
    any_ = !tiles_.empty();
}

std::size_t ChangedTiles::count() const
{
    return static_cast<std::size_t>(std::count(tiles_.begin(), tiles_.end(), std::uint8_t{1}));
}

void ChangedTiles::clear()
{
    std::fill(tiles_.begin(), tiles_.end(), std::uint8_t{0});
    any_ = false;
}

Picture::Picture(int width, int height)
    : width_{width}, height_{height},
      pixels_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 4), changed_{
                                                                                           width,
                                                                                           height}
{
    changed_.mark_all();
}

void Picture::paint(std::uint8_t const* source, int source_width, int source_height, Box to)
{
    auto const right = std::min({to.right, to.left + source_width, width_});
    auto const bottom = std::min({to.bottom, to.top + source_height, height_});
    if (to.left < 0 || to.top < 0 || to.left >= right || to.top >= bottom) return;
    auto const source_stride = static_cast<std::size_t>(source_width) * 4;
    // One square of the encoder's grain after the other: targets send again what is there already,
    // and what did not change costs neither conversion nor encoding.
    constexpr int edge = ChangedTiles::edge;
    for (int top = to.top; top < bottom; top = (top / edge + 1) * edge) {
        auto const low = std::min((top / edge + 1) * edge, bottom);
        for (int left = to.left; left < right; left = (left / edge + 1) * edge) {
            Box const square{left, top, std::min((left / edge + 1) * edge, right), low};
            auto const* const from = source +
                                     static_cast<std::size_t>(top - to.top) * source_stride +
                                     static_cast<std::size_t>(left - to.left) * 4;
            if (copy(from, source_stride, square)) changed_.mark(square);
        }
    }
}

bool Picture::copy(std::uint8_t const* source, std::size_t source_stride, Box to)
{
    auto const bytes = static_cast<std::size_t>(to.right - to.left) * 4;
    bool differs = false;
    for (int y = to.top; y < to.bottom; ++y, source += source_stride) {
        auto* const row = pixels_.data() + static_cast<std::size_t>(y) * stride() +
                          static_cast<std::size_t>(to.left) * 4;
        if (!differs && std::memcmp(row, source, bytes) == 0) continue;
        differs = true;
        std::memcpy(row, source, bytes);
    }
    return differs;
}

} // namespace ecluse::encode
