#pragma once

#include "recorder/format/feed.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ecluse::encode {

using feed::desktop_pixels_max;

/// Exclusive right and bottom.
struct Box {
    int left, top, right, bottom;
    [[nodiscard]] bool empty() const { return right <= left || bottom <= top; }
};

/// What changed, in squares of 16 pixels: the encoder's own grain. However many tiny rectangles a
/// target sends, they cost one bit each and become few squares.
class ChangedTiles {
public:
    static constexpr int edge = 16;

    ChangedTiles() = default;
    ChangedTiles(int width, int height);
    /// Parts outside are ignored.
    void mark(Box box);
    void mark_all();
    void clear();
    [[nodiscard]] bool any() const { return any_; }
    [[nodiscard]] std::size_t count() const;
    [[nodiscard]] int columns() const { return columns_; }
    [[nodiscard]] int rows() const { return rows_; }
    [[nodiscard]] bool is_marked(int column, int row) const
    {
        return tiles_[static_cast<std::size_t>(row * columns_ + column)] != 0;
    }
    [[nodiscard]] std::span<std::uint8_t const> tiles() const { return tiles_; }

private:
    int columns_ = 0;
    int rows_ = 0;
    bool any_ = false;
    std::vector<std::uint8_t> tiles_;
};

/// The decoded desktop: 32 bits a pixel, blue first, the fourth byte without meaning; starts black.
class Picture {
public:
    Picture() = default;
    Picture(int width, int height);

    [[nodiscard]] int width() const { return width_; }
    [[nodiscard]] int height() const { return height_; }
    /// Bytes of a row.
    [[nodiscard]] std::size_t stride() const { return static_cast<std::size_t>(width_) * 4; }
    [[nodiscard]] std::uint8_t* pixels() { return pixels_.data(); }
    [[nodiscard]] std::uint8_t const* row(int y) const
    {
        return pixels_.data() + static_cast<std::size_t>(y) * stride();
    }
    [[nodiscard]] ChangedTiles& changed() { return changed_; }
    [[nodiscard]] ChangedTiles const& changed() const { return changed_; }
    [[nodiscard]] Box box() const { return {0, 0, width_, height_}; }

    /// Copies `source` (rows of `source_width` pixels) so that its corner comes to the place of
    /// `to`; what falls outside `to` or the picture is left out. Marks what is different now.
    void paint(std::uint8_t const* source, int source_width, int source_height, Box to);

private:
    /// Whether anything differs. `to` lies in the picture.
    bool copy(std::uint8_t const* source, std::size_t source_stride, Box to);

    int width_ = 0;
    int height_ = 0;
    std::vector<std::uint8_t> pixels_;
    ChangedTiles changed_;
};

} // namespace ecluse::encode
