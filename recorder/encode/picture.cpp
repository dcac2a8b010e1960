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
    auto const bytes = static_cast<std::size_t>(right - to.left) * 4;
    for (int y = to.top; y < bottom; ++y)
        std::memcpy(
            pixels_.data() + static_cast<std::size_t>(y) * stride() +
                static_cast<std::size_t>(to.left) * 4,
            source +
                static_cast<std::size_t>(y - to.top) * static_cast<std::size_t>(source_width) * 4,
            bytes
        );
    changed_.mark({to.left, to.top, right, bottom});
}

} // namespace ecluse::encode
