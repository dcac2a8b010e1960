#include "tests/support/desktop_sample.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <cairo.h>
#include <cmath>
#include <cstring>
#include <deque>
#include <freerdp/codec/color.h>
#include <freerdp/codec/interleaved.h>
#include <freerdp/codec/planar.h>
#include <freerdp/codec/rfx.h>
#include <freerdp/constants.h>
#include <freerdp/freerdp.h>
#include <memory>
#include <winpr/stream.h>

namespace ecluse::test {
namespace {

constexpr int rectangle_edge = 64;

struct Free {
    void operator()(BITMAP_PLANAR_CONTEXT* c) const { ::freerdp_bitmap_planar_context_free(c); }
    void operator()(BITMAP_INTERLEAVED_CONTEXT* c) const { ::bitmap_interleaved_context_free(c); }
    void operator()(RFX_CONTEXT* c) const { ::rfx_context_free(c); }
    void operator()(wStream* s) const { ::Stream_Free(s, TRUE); }
    void operator()(cairo_surface_t* s) const { ::cairo_surface_destroy(s); }
    void operator()(cairo_t* c) const { ::cairo_destroy(c); }
};
template <class Handle> using Owned = std::unique_ptr<Handle, Free>;

std::uint8_t const* at(Screen const& screen, int x, int y)
{
    return screen.pixels.data() +
           (static_cast<std::size_t>(y) * static_cast<std::size_t>(screen.width) +
            static_cast<std::size_t>(x)) *
               4;
}

std::string planar(Screen const& screen, encode::Box box)
{
    static Owned<BITMAP_PLANAR_CONTEXT> const context{::freerdp_bitmap_planar_context_new(
        PLANAR_FORMAT_HEADER_NA | PLANAR_FORMAT_HEADER_RLE, rectangle_edge, rectangle_edge
    )};
    REQUIRE(context);
    // Bottom up, as legacy bitmaps are.
    ::freerdp_planar_topdown_image(context.get(), FALSE);
    std::vector<BYTE> out(rectangle_edge * rectangle_edge * 4 + 64);
    auto size = static_cast<UINT32>(out.size());
    REQUIRE(::freerdp_bitmap_compress_planar(
        context.get(),
        at(screen, box.left, box.top),
        PIXEL_FORMAT_BGRX32,
        static_cast<UINT32>(box.right - box.left),
        static_cast<UINT32>(box.bottom - box.top),
        static_cast<UINT32>(screen.width * 4),
        out.data(),
        &size
    ));
    return {reinterpret_cast<char const*>(out.data()), size};
}

std::string interleaved16(Screen const& screen, encode::Box box)
{
    static Owned<BITMAP_INTERLEAVED_CONTEXT> const context{::bitmap_interleaved_context_new(TRUE)};
    REQUIRE(context);
    std::vector<BYTE> out(rectangle_edge * rectangle_edge * 4 + 64);
    auto size = static_cast<UINT32>(out.size());
    REQUIRE(::interleaved_compress(
        context.get(),
        out.data(),
        &size,
        static_cast<UINT32>(box.right - box.left),
        static_cast<UINT32>(box.bottom - box.top),
        screen.pixels.data(),
        PIXEL_FORMAT_BGRX32,
        static_cast<UINT32>(screen.width * 4),
        static_cast<UINT32>(box.left),
        static_cast<UINT32>(box.top),
        nullptr,
        16
    ));
    return {reinterpret_cast<char const*>(out.data()), size};
}

std::string plain32(Screen const& screen, encode::Box box)
{
    std::string bytes;
    for (int y = box.bottom - 1; y >= box.top; --y)
        bytes.append(
            reinterpret_cast<char const*>(at(screen, box.left, y)),
            static_cast<std::size_t>(box.right - box.left) * 4
        );
    return bytes;
}

std::uint16_t small(int number)
{
    return static_cast<std::uint16_t>(number);
}

} // namespace

Screen::Screen(int w, int h, std::uint32_t colour)
    : width{w}, height{h}, pixels(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * 4)
{
    fill({0, 0, w, h}, colour);
}

void Screen::fill(encode::Box box, std::uint32_t colour)
{
    for (int y = box.top; y < box.bottom; ++y)
        for (int x = box.left; x < box.right; ++x) {
            auto* const pixel = const_cast<std::uint8_t*>(at(*this, x, y));
            pixel[0] = static_cast<std::uint8_t>(colour);
            pixel[1] = static_cast<std::uint8_t>(colour >> 8);
            pixel[2] = static_cast<std::uint8_t>(colour >> 16);
            pixel[3] = 0xFF;
        }
}

void Screen::write(int x, int y, std::string_view text, std::uint32_t colour)
{
    Owned<cairo_surface_t> const surface{::cairo_image_surface_create_for_data(
        pixels.data(), CAIRO_FORMAT_RGB24, width, height, width * 4
    )};
    Owned<cairo_t> const drawing{::cairo_create(surface.get())};
    ::cairo_select_font_face(
        drawing.get(), "DejaVu Sans Mono", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL
    );
    ::cairo_set_font_size(drawing.get(), 13);
    ::cairo_set_source_rgb(
        drawing.get(),
        (colour >> 16 & 0xFF) / 255.0,
        (colour >> 8 & 0xFF) / 255.0,
        (colour & 0xFF) / 255.0
    );
    ::cairo_move_to(drawing.get(), x, y + 12);
    ::cairo_show_text(drawing.get(), std::string{text}.c_str());
    ::cairo_surface_flush(surface.get());
}

void Screen::scroll(encode::Box box, int rows, std::uint32_t colour)
{
    for (int y = box.top; y + rows < box.bottom; ++y)
        std::memcpy(
            const_cast<std::uint8_t*>(at(*this, box.left, y)),
            at(*this, box.left, y + rows),
            static_cast<std::size_t>(box.right - box.left) * 4
        );
    fill({box.left, box.bottom - rows, box.right, box.bottom}, colour);
}

Screen terminal_screen(int width, int height)
{
    Screen screen{width, height, 0x2E5A88};
    screen.fill({0, height - 30, width, height}, 0x303030);
    screen.write(10, height - 24, "Menu   Terminal   27/11/2026 05:10");
    screen.fill({40, 30, width - 60, 52}, 0xD0D0D0);
    screen.write(50, 34, "root@scanner-1: /var/log", 0x202020);
    screen.fill({40, 52, width - 60, height - 60}, 0x101418);
    for (int y = 56, number = 0; y + 16 < height - 60; y += 16, ++number)
        screen.write(
            46,
            y,
            "Nov 27 05:0" + std::to_string(number % 10) + " scanner-1 kernel: [" +
                std::to_string(1000 + 37 * number) + ".204] eth0: link is up, 1000 Mbit/s"
        );
    return screen;
}

std::string bitmaps_of(Screen const& screen, encode::Box box, Coding coding)
{
    std::deque<std::string> bytes;
    std::vector<feed::Bitmap> bitmaps;
    for (int y = box.top; y < box.bottom; y += rectangle_edge)
        for (int x = box.left; x < box.right; x += rectangle_edge) {
            encode::Box const part{
                x,
                y,
                std::min(x + rectangle_edge, box.right),
                std::min(y + rectangle_edge, box.bottom)};
            bytes.push_back(
                coding == Coding::planar          ? planar(screen, part)
                : coding == Coding::interleaved16 ? interleaved16(screen, part)
                                                  : plain32(screen, part)
            );
            bitmaps.push_back(
                {small(part.left),
                 small(part.top),
                 small(part.right - 1),
                 small(part.bottom - 1),
                 small(part.right - part.left),
                 small(part.bottom - part.top),
                 small(coding == Coding::interleaved16 ? 16 : 32),
                 small(coding == Coding::plain32 ? 0 : 1),
                 bytes.back()}
            );
        }
    return feed::encode(bitmaps);
}

std::string remote_fx_of(Screen const& screen)
{
    Owned<RFX_CONTEXT> const context{::rfx_context_new_ex(TRUE, THREADING_FLAGS_DISABLE_THREADS)};
    REQUIRE(context);
    ::rfx_context_set_mode(context.get(), RLGR3);
    REQUIRE(::rfx_context_reset(
        context.get(), static_cast<UINT32>(screen.width), static_cast<UINT32>(screen.height)
    ));
    ::rfx_context_set_pixel_format(context.get(), PIXEL_FORMAT_BGRX32);
    Owned<wStream> const stream{::Stream_New(nullptr, 1024)};
    RFX_RECT const all{0, 0, small(screen.width), small(screen.height)};
    REQUIRE(::rfx_compose_message(
        context.get(),
        stream.get(),
        &all,
        1,
        screen.pixels.data(),
        static_cast<UINT32>(screen.width),
        static_cast<UINT32>(screen.height),
        static_cast<UINT32>(screen.width * 4)
    ));
    feed::Surface const surface{
        0,
        0,
        small(screen.width),
        small(screen.height),
        1,
        32,
        0,
        RDP_CODEC_ID_REMOTEFX,
        small(screen.width),
        small(screen.height),
        {reinterpret_cast<char const*>(Stream_Buffer(stream.get())),
         Stream_GetPosition(stream.get())}};
    return feed::encode(surface);
}

double luma_psnr(std::uint8_t const* left, std::uint8_t const* right, std::size_t pixels)
{
    double sum = 0;
    for (std::size_t i = 0; i < pixels; ++i) {
        auto const luma = [&](std::uint8_t const* p) {
            return 0.2126 * p[4 * i + 2] + 0.7152 * p[4 * i + 1] + 0.0722 * p[4 * i];
        };
        auto const difference = luma(left) - luma(right);
        sum += difference * difference;
    }
    if (sum == 0) return 99;
    return 10 * std::log10(255.0 * 255.0 * static_cast<double>(pixels) / sum);
}

} // namespace ecluse::test
