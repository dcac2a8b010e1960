#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Letters as pictures, made at build time by bake_glyphs.cpp: no font library in a process that
/// faces outsiders.
namespace ecluse::rdp {

/// DejaVu, in these sizes only.
enum class Face : std::uint8_t { small, body, bold, heading, mono };
constexpr std::size_t face_count = 5;

struct Glyph {
    char32_t point;
    std::int16_t left;    // from the pen to the picture
    std::int16_t top;     // from the base line up to the picture's first row
    std::uint16_t width;  // of the picture
    std::uint16_t height; // of the picture
    std::uint16_t advance;
    std::uint32_t offset; // of its coverage bytes, width × height, 0 … 255
};

struct FaceData {
    std::span<Glyph const> glyphs; // by point, ascending
    std::span<std::uint8_t const> coverage;
    int ascent; // from the top of a line to its base line
    int line_height;
};

[[nodiscard]] FaceData const& face_data(Face face);
/// nullptr: not baked; a box of half the line height stands for it.
[[nodiscard]] Glyph const* find_glyph(Face face, char32_t point);
[[nodiscard]] int line_height(Face face);

/// In pixels, as Canvas::draw_text draws it.
[[nodiscard]] int measure(Face face, std::string_view text);
/// Lines of at most `width` pixels: at spaces (never at a non-breaking one), inside a word that is
/// too long alone, at every "\n". At most `lines_max`; the last one then ends with "…".
[[nodiscard]] std::vector<std::string>
wrap(Face face, std::string_view text, int width, std::size_t lines_max);
/// `text` cut to `width` pixels, with "…" where something is missing.
[[nodiscard]] std::string cut_to(Face face, std::string_view text, int width);

} // namespace ecluse::rdp
