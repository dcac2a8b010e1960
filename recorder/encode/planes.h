#pragma once

#include "recorder/encode/picture.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ecluse::encode {

struct Pointer {
    int x;
    int y;
    /// A click shows as a ring for a moment.
    bool clicked;
    friend bool operator==(Pointer const&, Pointer const&) = default;
};

/// The picture as H.264 takes it: luma, then chroma at half the size with Cb and Cr in turn (NV12),
/// BT.709, limited range. Edges are even. Only what changed is converted.
class Planes {
public:
    Planes() = default;
    Planes(int width, int height);

    [[nodiscard]] int width() const { return width_; }
    [[nodiscard]] int height() const { return height_; }
    [[nodiscard]] std::uint8_t* luma() { return luma_.data(); }
    [[nodiscard]] std::uint8_t* chroma() { return chroma_.data(); }

    /// Marks in `picture` where the pointer was and where it is, converts the marked tiles, then
    /// draws the pointer over them. The decoder's pixels stay as they are.
    void update(Picture& picture, std::optional<Pointer> const& pointer);
    /// Marks what `update` would repaint for it.
    void mark_pointer(Picture& picture, std::optional<Pointer> const& pointer) const;

private:
    void convert(Picture const& picture, Box box);
    void draw(Pointer const& pointer);
    void set(int x, int y, bool light);

    int width_ = 0;
    int height_ = 0;
    std::vector<std::uint8_t> luma_;
    std::vector<std::uint8_t> chroma_;
    std::optional<Pointer> drawn_;
};

} // namespace ecluse::encode
