#include "gateway/rdp/screen/canvas.h"

#include "common/utf8.h"

#include <algorithm>

namespace ecluse::rdp {
namespace {

/// Changes are looked for in squares of this side: what RDP bitmap updates carry well.
constexpr int tile = 64;

/// A text is at most as long as it could be seen on the widest canvas with the narrowest letter;
/// the rest is not even looked at.
constexpr std::size_t characters_max = 4096;

/// The common part; computed in 64 bits, so that no pair of numbers overflows.
Rect intersect(Rect a, Rect b)
{
    auto const left = std::max(a.x, b.x);
    auto const top = std::max(a.y, b.y);
    auto const right = std::min(
        static_cast<std::int64_t>(a.x) + a.width, static_cast<std::int64_t>(b.x) + b.width
    );
    auto const bottom = std::min(
        static_cast<std::int64_t>(a.y) + a.height, static_cast<std::int64_t>(b.y) + b.height
    );
    if (right <= left || bottom <= top) return {left, top, 0, 0};
    return {left, top, static_cast<int>(right - left), static_cast<int>(bottom - top)};
}

Color mix(Color under, Color over, unsigned coverage)
{
    auto const channel = [&](unsigned shift) {
        unsigned const a = (under >> shift) & 0xFFU;
        unsigned const b = (over >> shift) & 0xFFU;
        return ((a * (255U - coverage) + b * coverage + 127U) / 255U) << shift;
    };
    return channel(16) | channel(8) | channel(0);
}

/// How much of a pixel lies inside a circle of this radius, in sixteenths of its area: `dx`, `dy`
/// count pixels from the centre of the circle.
unsigned corner_coverage(int radius, int dx, int dy)
{
    unsigned inside = 0;
    for (int sy = 0; sy < 4; ++sy)
        for (int sx = 0; sx < 4; ++sx) {
            int const x = dx * 8 + sx * 2 + 1; // in eighths of a pixel
            int const y = dy * 8 + sy * 2 + 1;
            if (x * x + y * y <= radius * radius * 64) ++inside;
        }
    return inside * 255U / 16U;
}

} // namespace

Canvas::Canvas(int width, int height)
    : width_{std::clamp(width, 1, side_max)}, height_{std::clamp(height, 1, side_max)},
      pixels_(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_))
{
}

void Canvas::fill(Rect area, Color color)
{
    auto const inside = intersect(area, {0, 0, width_, height_});
    for (int y = inside.y; y < inside.y + inside.height; ++y) {
        auto const row = pixels_.begin() + static_cast<std::ptrdiff_t>(y) * width_ + inside.x;
        std::fill(row, row + inside.width, color);
    }
}

void Canvas::fill_rounded(Rect area, int radius, Color color)
{
    radius = std::clamp(radius, 0, 16);
    if (area.width < 2 * radius || area.height < 2 * radius) radius = 0;
    fill({area.x, area.y + radius, area.width, area.height - 2 * radius}, color);
    for (int dy = 0; dy < radius; ++dy) {
        int const top = area.y + radius - 1 - dy;
        int const bottom = area.y + area.height - radius + dy;
        for (int const y : {top, bottom})
            fill({area.x + radius, y, area.width - 2 * radius, 1}, color);
        for (int dx = 0; dx < radius; ++dx) {
            auto const coverage = corner_coverage(radius, dx, dy);
            for (int const y : {top, bottom}) {
                blend(area.x + radius - 1 - dx, y, coverage, color);
                blend(area.x + area.width - radius + dx, y, coverage, color);
            }
        }
    }
}

void Canvas::frame(Rect area, int thickness, Color color)
{
    fill({area.x, area.y, area.width, thickness}, color);
    fill({area.x, area.y + area.height - thickness, area.width, thickness}, color);
    fill({area.x, area.y, thickness, area.height}, color);
    fill({area.x + area.width - thickness, area.y, thickness, area.height}, color);
}

void Canvas::blend(int x, int y, unsigned coverage, Color color)
{
    if (x < 0 || y < 0 || x >= width_ || y >= height_ || coverage == 0) return;
    auto& pixel = pixels_
        [static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) +
         static_cast<std::size_t>(x)];
    pixel = mix(pixel, color, coverage);
}

int Canvas::draw_text(int x, int y, Face face, std::string_view text, Color color, Rect clip)
{
    auto const inside = intersect(clip, {0, 0, width_, height_});
    auto const& data = face_data(face);
    int const base = y + data.ascent;
    for (std::size_t count = 0; !text.empty() && count < characters_max; ++count) {
        auto next = decode_utf8(text);
        if (next.length == 0) next = {0xFFFD, 1};
        text.remove_prefix(next.length);
        auto const* glyph = find_glyph(face, next.point);
        if (glyph == nullptr) {
            int const side = data.line_height / 2;
            Rect const box{x + 1, base - side, side - 2, side};
            if (intersect(box, inside) == box) frame(box, 1, color);
            x += side;
            continue;
        }
        auto coverage = data.coverage.subspan(glyph->offset);
        for (int row = 0; row < glyph->height; ++row)
            for (int column = 0; column < glyph->width; ++column) {
                int const px = x + glyph->left + column;
                int const py = base - glyph->top + row;
                if (px < inside.x || px >= inside.x + inside.width || py < inside.y ||
                    py >= inside.y + inside.height)
                    continue;
                blend(
                    px, py, coverage[static_cast<std::size_t>(row * glyph->width + column)], color
                );
            }
        x += glyph->advance;
    }
    return x;
}

int Canvas::draw_text(int x, int y, Face face, std::string_view text, Color color)
{
    return draw_text(x, y, face, text, color, {0, 0, width_, height_});
}

std::vector<Rect> Canvas::take_changes()
{
    if (sent_.size() != pixels_.size()) {
        sent_ = pixels_;
        return {{0, 0, width_, height_}};
    }
    std::vector<Rect> changes;
    for (int y = 0; y < height_; y += tile) {
        int const height = std::min(tile, height_ - y);
        Rect run{0, y, 0, height};
        for (int x = 0; x < width_; x += tile) {
            int const width = std::min(tile, width_ - x);
            bool differs = false;
            for (int row = y; row < y + height; ++row) {
                auto const at = static_cast<std::ptrdiff_t>(row) * width_ + x;
                auto const now = pixels_.begin() + at;
                if (std::equal(now, now + width, sent_.begin() + at)) continue;
                std::copy(now, now + width, sent_.begin() + at);
                differs = true;
            }
            if (differs && run.width == 0) run.x = x;
            if (differs) run.width = x + width - run.x;
            if (!differs && run.width > 0) {
                changes.push_back(run);
                run.width = 0;
            }
        }
        if (run.width > 0) changes.push_back(run);
    }
    return changes;
}

} // namespace ecluse::rdp
