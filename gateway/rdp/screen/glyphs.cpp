#include "gateway/rdp/screen/glyphs.h"

#include "common/utf8.h"

#include <algorithm>

namespace ecluse::rdp {
namespace {

/// The character at the start of `text`, which is not empty; a broken byte is one character.
Utf8 next_character(std::string_view text)
{
    auto const next = decode_utf8(text);
    return next.length == 0 ? Utf8{0xFFFD, 1} : next;
}

int advance(Face face, char32_t point)
{
    auto const* glyph = find_glyph(face, point);
    return glyph == nullptr ? line_height(face) / 2 : glyph->advance;
}

/// Where a line of `width` pixels may end: after a space, which is dropped, or inside a long word.
struct Cut {
    std::size_t keep;
    std::size_t drop;
};

Cut find_cut(Face face, std::string_view text, int width)
{
    int x = 0;
    Cut at_space{0, 0};
    for (std::size_t at = 0; at < text.size();) {
        auto const [point, length] = next_character(text.substr(at));
        // Spaces at the end of a line are not seen: they take no room.
        if (point == U' ') at_space = {text.substr(0, at).find_last_not_of(' ') + 1, at + length};
        x += advance(face, point);
        if (x > width && point != U' ') {
            if (at_space.drop > 0) return at_space;
            std::size_t const keep =
                at == 0 ? length : at; // at least one character, or it never ends
            return {keep, keep};
        }
        at += length;
    }
    return {x > width ? at_space.keep : text.size(), text.size()};
}

} // namespace

Glyph const* find_glyph(Face face, char32_t point)
{
    auto const& glyphs = face_data(face).glyphs;
    auto const found =
        std::lower_bound(glyphs.begin(), glyphs.end(), point, [](Glyph const& a, char32_t b) {
            return a.point < b;
        });
    return found == glyphs.end() || found->point != point ? nullptr : &*found;
}

int line_height(Face face)
{
    return face_data(face).line_height;
}

int measure(Face face, std::string_view text)
{
    int width = 0;
    while (!text.empty()) {
        auto const [point, length] = next_character(text);
        width += advance(face, point);
        text.remove_prefix(length);
    }
    return width;
}

std::string cut_to(Face face, std::string_view text, int width)
{
    int x = 0;
    int const dots = advance(face, U'…');
    std::size_t fits_with_dots = 0;
    for (std::size_t at = 0; at < text.size();) {
        auto const [point, length] = next_character(text.substr(at));
        x += advance(face, point);
        if (x > width) return std::string{text.substr(0, fits_with_dots)} + "…";
        at += length;
        if (x + dots <= width) fits_with_dots = at;
    }
    return std::string{text};
}

std::vector<std::string> wrap(Face face, std::string_view text, int width, std::size_t lines_max)
{
    std::vector<std::string> lines;
    while (lines.size() < lines_max) {
        auto const line_end = text.find('\n');
        auto const line = text.substr(0, line_end);
        auto const [keep, drop] = find_cut(face, line, width);
        if (lines.size() + 1 == lines_max && drop < text.size()) {
            // Something is left that has no room.
            lines.push_back(cut_to(face, std::string{line} + (drop < line.size() ? "" : "…"), width)
            );
            break;
        }
        lines.emplace_back(line.substr(0, keep));
        if (drop < line.size()) {
            text.remove_prefix(drop);
        } else {
            if (line_end == std::string_view::npos) break;
            text.remove_prefix(line_end + 1);
        }
    }
    return lines;
}

} // namespace ecluse::rdp
