#pragma once

#include "common/result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace ecluse::film {

struct Colour {
    std::uint8_t red, green, blue;
    friend bool operator==(Colour const&, Colour const&) = default;
};
struct Look {
    Colour front, back;
    bool bold = false;
    bool underlined = false;
    friend bool operator==(Look const&, Look const&) = default;
};

/// The letters of a terminal as pixels: a font of one width and its bold form. Their files are
/// opened by `load` and no other is later, so that the process can be confined in between; a
/// character that they lack shows as their empty box.
class Letters {
public:
    [[nodiscard]] static Result<Letters> load();
    ~Letters();
    Letters(Letters&&) noexcept;
    Letters& operator=(Letters&&) noexcept;

    /// Of one cell, in pixels.
    [[nodiscard]] int width() const { return width_; }
    [[nodiscard]] int height() const { return height_; }
    /// A character over `cells` cells: height() rows of cells * width() pixels of 32 bits, blue
    /// first. Valid until the next call.
    [[nodiscard]] std::uint8_t const* draw(std::uint32_t character, int cells, Look const& look);

private:
    struct Fonts;
    struct Glyph {
        int left, top, width, height;
        std::vector<std::uint8_t> cover; // 0 … 255 for each pixel
    };
    explicit Letters(std::unique_ptr<Fonts> fonts);
    Glyph const& glyph(std::uint32_t character, bool bold);

    std::unique_ptr<Fonts> fonts_;
    std::map<std::pair<std::uint32_t, bool>, Glyph> glyphs_;
    std::vector<std::uint8_t> pixels_;
    int width_ = 0;
    int height_ = 0;
    int baseline_ = 0;
};

} // namespace ecluse::film
