#include "recorder/encode/planes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace ecluse::encode {
namespace {

/// '#' dark, '.' light: an arrow that is seen on any background.
constexpr std::array<std::string_view, 19> arrow{
    "#           ",
    "##          ",
    "#.#         ",
    "#..#        ",
    "#...#       ",
    "#....#      ",
    "#.....#     ",
    "#......#    ",
    "#.......#   ",
    "#........#  ",
    "#.........# ",
    "#......#####",
    "#...#..#    ",
    "#..##..#    ",
    "#.#  #..#   ",
    "##   #..#   ",
    "#     #..#  ",
    "      #..#  ",
    "       ##   "};
constexpr int ring_outer = 14;
constexpr int ring_inner = 11;
constexpr std::uint8_t dark_luma = 16;
constexpr std::uint8_t light_luma = 235;
constexpr std::uint8_t grey_chroma = 128;
/// An orange that no desktop uses for itself.
constexpr std::uint8_t ring_luma = 150;
constexpr std::uint8_t ring_cb = 44;
constexpr std::uint8_t ring_cr = 205;

Box reach(Pointer const& pointer)
{
    return {
        pointer.x - ring_outer,
        pointer.y - ring_outer,
        pointer.x + ring_outer + 1,
        pointer.y + std::max<int>(ring_outer, arrow.size()) + 1};
}

/// BT.709 in 8-bit fractions; each row of numbers for chroma adds up to zero, so that grey is grey.
std::uint8_t luma_of(int r, int g, int b)
{
    return static_cast<std::uint8_t>((47 * r + 157 * g + 16 * b + (16 << 8) + 128) >> 8);
}

} // namespace

Planes::Planes(int width, int height)
    : width_{(width + 1) & ~1}, height_{(height + 1) & ~1},
      luma_(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_), dark_luma),
      chroma_(luma_.size() / 2, grey_chroma)
{
}

void Planes::convert(Picture const& picture, Box box)
{
    box.right = std::min(box.right, picture.width());
    box.bottom = std::min(box.bottom, picture.height());
    auto const stride = static_cast<std::size_t>(width_);
    for (int y = box.top; y < box.bottom; ++y) {
        auto const* in = picture.row(y) + static_cast<std::size_t>(box.left) * 4;
        auto* const out = luma_.data() + static_cast<std::size_t>(y) * stride + box.left;
        for (int i = 0; i < box.right - box.left; ++i)
            out[i] = luma_of(in[4 * i + 2], in[4 * i + 1], in[4 * i]);
    }
    for (int y = box.top; y < box.bottom; y += 2) {
        auto const* const upper = picture.row(y);
        // The last row and column of an odd desktop stand for the one that is missing.
        auto const* const lower = picture.row(std::min(y + 1, picture.height() - 1));
        auto* const out = chroma_.data() + static_cast<std::size_t>(y / 2) * stride;
        for (int x = box.left; x < box.right; x += 2) {
            auto const first = static_cast<std::size_t>(x) * 4;
            auto const second = static_cast<std::size_t>(std::min(x + 1, picture.width() - 1)) * 4;
            auto const sum = [&](std::size_t i) {
                return upper[first + i] + upper[second + i] + lower[first + i] + lower[second + i];
            };
            int const b = sum(0);
            int const g = sum(1);
            int const r = sum(2);
            out[x] =
                static_cast<std::uint8_t>((-25 * r - 87 * g + 112 * b + (128 << 10) + 512) >> 10);
            out[x + 1] =
                static_cast<std::uint8_t>((112 * r - 102 * g - 10 * b + (128 << 10) + 512) >> 10);
        }
    }
}

void Planes::mark_pointer(Picture& picture, std::optional<Pointer> const& pointer) const
{
    if (pointer == drawn_) return;
    if (drawn_) picture.changed().mark(reach(*drawn_));
    if (pointer) picture.changed().mark(reach(*pointer));
}

void Planes::update(Picture& picture, std::optional<Pointer> const& pointer)
{
    mark_pointer(picture, pointer);
    auto const& changed = picture.changed();
    constexpr int edge = ChangedTiles::edge;
    for (int row = 0; row < changed.rows(); ++row)
        for (int column = 0; column < changed.columns(); ++column) {
            if (!changed.is_marked(column, row)) continue;
            int const first = column;
            while (column + 1 < changed.columns() && changed.is_marked(column + 1, row))
                ++column;
            convert(picture, {first * edge, row * edge, (column + 1) * edge, (row + 1) * edge});
        }
    drawn_ = pointer;
    // Drawn again over itself where nothing changed: it is opaque.
    if (drawn_) draw(*drawn_);
}

void Planes::set(int x, int y, bool light)
{
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
    auto const row = static_cast<std::size_t>(y) * static_cast<std::size_t>(width_);
    luma_[row + static_cast<std::size_t>(x)] = light ? light_luma : dark_luma;
    auto const pair = static_cast<std::size_t>(y / 2) * static_cast<std::size_t>(width_) +
                      static_cast<std::size_t>(x & ~1);
    chroma_[pair] = chroma_[pair + 1] = grey_chroma;
}

void Planes::draw(Pointer const& pointer)
{
    if (pointer.clicked)
        for (int y = -ring_outer; y <= ring_outer; ++y)
            for (int x = -ring_outer; x <= ring_outer; ++x) {
                int const distance = x * x + y * y;
                if (distance > ring_outer * ring_outer || distance < ring_inner * ring_inner)
                    continue;
                int const at_x = pointer.x + x;
                int const at_y = pointer.y + y;
                set(at_x, at_y, false);
                if (at_x < 0 || at_y < 0 || at_x >= width_ || at_y >= height_) continue;
                auto const width = static_cast<std::size_t>(width_);
                luma_[static_cast<std::size_t>(at_y) * width + static_cast<std::size_t>(at_x)] =
                    ring_luma;
                auto const pair = static_cast<std::size_t>(at_y / 2) * width +
                                  static_cast<std::size_t>(at_x & ~1);
                chroma_[pair] = ring_cb;
                chroma_[pair + 1] = ring_cr;
            }
    for (int y = 0; y < static_cast<int>(arrow.size()); ++y)
        for (int x = 0; x < static_cast<int>(arrow[static_cast<std::size_t>(y)].size()); ++x) {
            char const mark = arrow[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)];
            if (mark != ' ') set(pointer.x + x, pointer.y + y, mark == '.');
        }
}

} // namespace ecluse::encode
