#pragma once

#include "gateway/rdp/screen/glyphs.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace ecluse::rdp {

struct Rect {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
    friend bool operator==(Rect const&, Rect const&) = default;
};

/// 0xRRGGBB. In memory blue, green, red, zero: the 32-bit bitmaps of RDP (BGRX).
using Color = std::uint32_t;

/// A picture in memory. Everything drawn is cut at its edges, whatever the numbers.
class Canvas {
public:
    /// More would be 64 MiB for one picture; on a larger desktop the worker puts this one in the
    /// middle.
    static constexpr int side_max = 4096;

    /// Sides are brought into 1 … side_max.
    Canvas(int width, int height);

    [[nodiscard]] int width() const { return width_; }
    [[nodiscard]] int height() const { return height_; }
    /// Row by row from the top, without padding.
    [[nodiscard]] std::span<Color const> pixels() const { return pixels_; }

    void fill(Rect area, Color color);
    void fill_rounded(Rect area, int radius, Color color);
    /// The border only, drawn inside `area`.
    void frame(Rect area, int thickness, Color color);
    /// One line, its top at `y`; nothing outside `clip`. Returns the x after it.
    int draw_text(int x, int y, Face face, std::string_view text, Color color, Rect clip);
    int draw_text(int x, int y, Face face, std::string_view text, Color color);

    /// The areas that differ from the last call (everything, the first time), as rectangles that do
    /// not overlap.
    [[nodiscard]] std::vector<Rect> take_changes();

private:
    void blend(int x, int y, unsigned coverage, Color color);

    int width_;
    int height_;
    std::vector<Color> pixels_;
    std::vector<Color> sent_; // what the last take_changes saw
};

} // namespace ecluse::rdp
