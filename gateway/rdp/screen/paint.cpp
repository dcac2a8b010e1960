#include "gateway/rdp/screen/paint.h"

#include "common/bytes.h"
#include "common/utf8.h"

#include <algorithm>

namespace ecluse::rdp {
namespace {

/// A sentence for a person is shorter; a screen does not hold more.
constexpr std::size_t shown_characters_max = 1200;
constexpr std::size_t shown_lines_max = 40;

constexpr int field_height = 34;
constexpr int margin = 16;

int head_height(Canvas const& canvas)
{
    return canvas.height() < 420 ? 40 : 60;
}

int foot_height(Canvas const& canvas)
{
    return canvas.height() < 420 ? 26 : 38;
}

/// Two gates of a lock, seen from above.
void draw_mark(Canvas& canvas, int x, int y)
{
    canvas.fill_rounded({x, y, 28, 28}, 5, palette::on_brand);
    for (int i = 0; i < 8; ++i) {
        canvas.fill({x + 5 + i, y + 7 + i / 2, 1, 4}, palette::brand);
        canvas.fill({x + 22 - i, y + 7 + i / 2, 1, 4}, palette::brand);
        canvas.fill({x + 5 + i, y + 16 + i / 2, 1, 4}, palette::brand);
        canvas.fill({x + 22 - i, y + 16 + i / 2, 1, 4}, palette::brand);
    }
}

/// The key as it looks on a keyboard; returns the x after it.
int draw_key(Canvas& canvas, int x, int y, std::string_view key, Color ink, Color ground)
{
    int const width = measure(Face::small, key) + 14;
    Rect const cap{x, y, width, 24};
    canvas.fill_rounded(cap, 4, ink);
    canvas.fill_rounded({cap.x + 1, cap.y + 1, cap.width - 2, cap.height - 3}, 3, ground);
    canvas.draw_text(x + 7, y + (22 - line_height(Face::small)) / 2 + 1, Face::small, key, ink);
    return x + width;
}

/// What is left and right of the text inside a panel.
int panel_padding(Rect area)
{
    return area.width < 560 || area.height < 420 ? 14 : 28;
}

/// The panel never touches the head or the foot.
constexpr int panel_gap = 6;

} // namespace

std::string shown(std::string_view text)
{
    std::string result;
    for (std::size_t line = 0; line < shown_lines_max; ++line) {
        auto const end = text.find('\n');
        if (line > 0) result += '\n';
        result += printable(text.substr(0, end), shown_characters_max);
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return result;
}

Rect draw_frame(Canvas& canvas, Frame const& frame)
{
    int const width = canvas.width();
    int const height = canvas.height();
    int const head = head_height(canvas);
    int const foot = foot_height(canvas);
    canvas.fill({0, 0, width, height}, palette::ground);
    canvas.fill({0, 0, width, head}, palette::brand);

    int x = margin;
    draw_mark(canvas, x, (head - 28) / 2);
    x += 28 + 12;
    auto const top_of = [&](Face face) { return (head - line_height(face)) / 2; };
    x = canvas.draw_text(x, top_of(Face::heading), Face::heading, frame.product, palette::on_brand);
    // On one base line with the name.
    int const base_shift =
        face_data(Face::heading).ascent - face_data(Face::body).ascent + top_of(Face::heading);
    int const site_max = width - margin - (x + 24);
    int const purpose_end = x + 12 + measure(Face::body, frame.purpose);
    auto const site = cut_to(Face::bold, frame.site, std::max(site_max, 0));
    int const site_x = width - margin - measure(Face::bold, site);
    if (purpose_end + 24 <= site_x)
        canvas.draw_text(x + 12, base_shift, Face::body, frame.purpose, palette::faint_on_brand);
    if (site_max > 40) canvas.draw_text(site_x, base_shift, Face::bold, site, palette::on_brand);

    int const foot_text = height - foot + (foot - line_height(Face::small)) / 2;
    canvas.fill({0, height - foot, width, 1}, palette::line);
    int const key_width = measure(Face::small, "F2") + 14;
    int const language_width = measure(Face::small, frame.other_language) + 8 + key_width;
    int const language_x = width - margin - language_width;
    auto const help = cut_to(Face::small, frame.help, std::max(language_x - 2 * margin, 0));
    canvas.draw_text(margin, foot_text, Face::small, help, palette::ink);
    if (foot >= 30) {
        int const after = draw_key(
            canvas,
            language_x,
            height - foot + (foot - 24) / 2,
            "F2",
            palette::faint,
            palette::panel
        );
        canvas.draw_text(after + 8, foot_text, Face::small, frame.other_language, palette::ink);
    }
    return {0, head, width, std::max(height - head - foot, 1)};
}

Rect panel_inside(Rect area, int width)
{
    int const padding = panel_padding(area);
    width = std::min(width, area.width - 2 * margin);
    return {
        area.x,
        area.y,
        std::max(width - 2 * padding, 1),
        std::max(area.height - 2 * padding - 2 * panel_gap, 1)};
}

Rect draw_panel(Canvas& canvas, Rect area, int width, int height, Color edge)
{
    int const padding = panel_padding(area);
    width = std::min(width, area.width - 2 * margin);
    height += 2 * padding;
    int const x = area.x + (area.width - width) / 2;
    // A little above the middle, where the eye looks for it; at the top when there is no room.
    int const y = area.y + std::max((area.height - height) * 9 / 20, panel_gap);
    canvas.fill_rounded({x, y, width, height}, 8, palette::line);
    canvas.fill_rounded({x + 1, y + 1, width - 2, height - 2}, 7, palette::panel);
    canvas.fill({x, y + 8, 4, height - 16}, edge);
    return {x + padding, y + padding, std::max(width - 2 * padding, 1), height - 2 * padding};
}

void Column::text(Face face, std::string_view text, Color color, std::size_t lines_max)
{
    for (auto const& line : wrap(face, text, area_.width, lines_max)) {
        if (canvas_ != nullptr) canvas_->draw_text(area_.x, y_, face, line, color);
        y_ += line_height(face);
    }
}

int Column::label_width() const
{
    return std::clamp(area_.width * 34 / 100, 90, 190);
}

void Column::labelled(std::string_view label, Face face, std::string_view text)
{
    int const left = label_width();
    auto const name = cut_to(Face::body, label, left - 12);
    if (canvas_ != nullptr) canvas_->draw_text(area_.x, y_, Face::body, name, palette::faint);
    for (auto const& line : wrap(face, text, std::max(area_.width - left, 40), 6)) {
        if (canvas_ != nullptr) canvas_->draw_text(area_.x + left, y_, face, line, palette::ink);
        y_ += line_height(face);
    }
    y_ += 10;
}

void Column::note(std::string_view text, bool is_alert)
{
    constexpr int inset = 12;
    int const left = is_alert ? 34 : inset;
    auto const lines = wrap(Face::body, text, std::max(area_.width - left - inset, 40), 4);
    int const height = static_cast<int>(lines.size()) * line_height(Face::body) + 16;
    auto const ground = is_alert ? palette::alert_ground : palette::notice_ground;
    auto const ink = is_alert ? palette::alert : palette::ink;
    if (canvas_ != nullptr) {
        canvas_->fill_rounded({area_.x, y_, area_.width, height}, 5, ground);
        if (is_alert) {
            canvas_->fill_rounded({area_.x + 9, y_ + 9, 18, 18}, 9, ink);
            int const x = area_.x + 18 - measure(Face::bold, "!") / 2;
            canvas_->draw_text(x, y_ + 9, Face::bold, "!", palette::panel);
        }
        int y = y_ + 8;
        for (auto const& line : lines) {
            canvas_->draw_text(area_.x + left, y, Face::body, line, ink);
            y += line_height(Face::body);
        }
    }
    y_ += height;
}

void Column::hints(std::vector<KeyHint> const& hints)
{
    constexpr int height = 36;
    int x = area_.x;
    for (auto const& hint : hints) {
        int const key = measure(Face::small, hint.key) + 14;
        int const padding = hint.is_main ? 10 : 0;
        Face const face = hint.is_main ? Face::bold : Face::body;
        int const width = padding + key + 8 + measure(face, hint.label) + padding;
        if (x > area_.x && x + width > area_.x + area_.width) {
            x = area_.x;
            y_ += height + 4;
        }
        if (canvas_ != nullptr) {
            if (hint.is_main) canvas_->fill_rounded({x, y_, width, height}, 5, palette::brand);
            auto const ink = hint.is_main ? palette::on_brand : palette::faint;
            auto const ground = hint.is_main ? palette::brand : palette::panel;
            int const after = draw_key(*canvas_, x + padding, y_ + 6, hint.key, ink, ground);
            canvas_->draw_text(
                after + 8,
                y_ + (height - line_height(face)) / 2,
                face,
                hint.label,
                hint.is_main ? palette::on_brand : palette::ink
            );
        }
        x += width + 22;
    }
    y_ += height;
}

void Column::busy(std::int64_t step)
{
    for (int i = 0; i < 3 && canvas_ != nullptr; ++i)
        canvas_->fill_rounded(
            {area_.x + i * 20, y_ + 4, 10, 10}, 5, step % 3 == i ? palette::brand : palette::line
        );
    y_ += 18;
}

void Column::field(std::string_view label, std::string_view hint, std::string_view value, int caret)
{
    int const left = label_width();
    Rect const box{area_.x + left, y_, std::max(area_.width - left, 40), field_height};
    bool const has_focus = caret >= 0;
    if (canvas_ != nullptr) {
        int const label_y = y_ + (field_height - line_height(Face::body)) / 2;
        auto const name = cut_to(Face::body, label, left - 12);
        canvas_->draw_text(
            area_.x, label_y, has_focus ? Face::bold : Face::body, name, palette::ink
        );
        canvas_->fill(box, palette::panel);
        // Focus is thicker as well as blue.
        canvas_->frame(box, has_focus ? 3 : 1, has_focus ? palette::focus : palette::field_edge);
        Rect const inside{box.x + 8, box.y + 3, box.width - 16, box.height - 6};
        // Everything before the caret, to know where it is; the text slides when it is longer than
        // the field.
        std::size_t bytes = 0;
        for (int i = 0; i < caret && bytes < value.size(); ++i)
            bytes += std::max<std::size_t>(decode_utf8(value.substr(bytes)).length, 1);
        int const caret_x = measure(Face::mono, value.substr(0, bytes));
        int const slide = std::max(caret_x - (inside.width - 4), 0);
        int const y = box.y + (box.height - line_height(Face::mono)) / 2;
        canvas_->draw_text(inside.x - slide, y, Face::mono, value, palette::ink, inside);
        if (has_focus)
            canvas_->fill(
                {inside.x - slide + caret_x, y, 2, line_height(Face::mono)}, palette::ink
            );
    }
    y_ += field_height;
    if (!hint.empty()) {
        y_ += 3;
        if (canvas_ != nullptr)
            canvas_->draw_text(
                box.x, y_, Face::small, cut_to(Face::small, hint, box.width), palette::faint
            );
        y_ += line_height(Face::small);
    }
    y_ += 10;
}

} // namespace ecluse::rdp
