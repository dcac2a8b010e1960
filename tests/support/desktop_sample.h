#pragma once

#include "recorder/encode/picture.h"
#include "recorder/format/feed.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Desktops as targets draw them, and the updates that carry them, made with FreeRDP's encoders.
namespace ecluse::test {

/// Blue first, 4 bytes a pixel, as encode::Picture.
struct Screen {
    int width;
    int height;
    std::vector<std::uint8_t> pixels;

    Screen(int w, int h, std::uint32_t colour = 0x203040);
    void fill(encode::Box box, std::uint32_t colour);
    /// One line of a monospaced font, its top left corner at x, y.
    void write(int x, int y, std::string_view text, std::uint32_t colour = 0xE0E0E0);
    /// Moves the lines of a box up and clears what comes in below.
    void scroll(encode::Box box, int rows, std::uint32_t colour);
};
/// A terminal on a desktop: a panel, a window with a title, lines of text.
[[nodiscard]] Screen terminal_screen(int width, int height);

enum class Coding { planar, interleaved16, plain32 };
/// The payload of a `U` frame: the box cut into rectangles of at most 64 x 64.
[[nodiscard]] std::string bitmaps_of(Screen const& screen, encode::Box box, Coding coding);
/// The payload of an `S` frame, RemoteFX.
[[nodiscard]] std::string remote_fx_of(Screen const& screen);

/// Peak signal-to-noise ratio over the luma of two pictures of the same size, in dB; 99 when equal.
[[nodiscard]] double
luma_psnr(std::uint8_t const* left, std::uint8_t const* right, std::size_t pixels);

} // namespace ecluse::test
