#include "gateway/rdp/screen/banner.h"

#include "common/text_keys.h"
#include "gateway/rdp/screen/paint.h"

#include <algorithm>

namespace ecluse::rdp {
namespace {

constexpr int width_max = 720;
constexpr int padding = 14;
constexpr std::size_t lines_max = 3;

Color ground_of(BannerTone tone)
{
    switch (tone) {
    case BannerTone::notice:
        return palette::brand;
    case BannerTone::warning:
        return palette::warning_ground;
    case BannerTone::alert:
        return palette::alert;
    }
    return palette::alert;
}

} // namespace

bool Banner::covers(int x, int y) const
{
    return x >= place.x && x < place.x + place.width && y >= place.y && y < place.y + place.height;
}

Banner draw_banner(
    std::string_view message,
    BannerTone tone,
    Language language,
    int desktop_width,
    int desktop_height
)
{
    desktop_width = std::clamp(desktop_width, 1, Canvas::side_max);
    desktop_height = std::clamp(desktop_height, 1, Canvas::side_max);
    auto const hint = text(language, TextKey::rdp_banner_dismiss);
    auto const words = shown(message);
    // As wide as its words: it covers somebody's work.
    int const inside_max = std::max(std::min(width_max, desktop_width) - 2 * padding, 1);
    auto const lines = wrap(Face::bold, words, inside_max, lines_max);
    int inside = measure(Face::small, hint);
    for (auto const& line : lines)
        inside = std::max(inside, measure(Face::bold, line));
    inside = std::min(inside, inside_max);
    int const height = 10 + static_cast<int>(lines.size()) * line_height(Face::bold) + 2 +
                       line_height(Face::small) + 8;

    Banner banner;
    banner.place.width = std::min(inside + 2 * padding, desktop_width);
    banner.place.height = std::min(height, desktop_height);
    banner.place.x = (desktop_width - banner.place.width) / 2;
    Canvas canvas{banner.place.width, banner.place.height};
    canvas.fill({0, 0, canvas.width(), canvas.height()}, ground_of(tone));
    canvas.frame({0, 0, canvas.width(), canvas.height()}, 1, palette::on_brand);
    int y = 10;
    for (auto const& line : lines) {
        int const x = (canvas.width() - measure(Face::bold, line)) / 2;
        canvas.draw_text(x, y, Face::bold, line, palette::on_brand);
        y += line_height(Face::bold);
    }
    auto const shown_hint = cut_to(Face::small, hint, inside_max);
    canvas.draw_text(
        (canvas.width() - measure(Face::small, shown_hint)) / 2,
        y + 2,
        Face::small,
        shown_hint,
        palette::on_brand
    );
    banner.pixels.assign(canvas.pixels().begin(), canvas.pixels().end());
    return banner;
}

bool dismisses_banner(TypedKey const& key)
{
    return key.stroke.down && key.ctrl && key.alt && key.key == Key::escape;
}

} // namespace ecluse::rdp
