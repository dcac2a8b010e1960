#pragma once

#include "common/text.h"
#include "gateway/rdp/screen/canvas.h"

#include <string>
#include <string_view>
#include <vector>

/// The look of the gateway's screens: colours, and the pieces they are made of.
namespace ecluse::rdp {

/// Text on its ground has a contrast of at least 4.5:1 everywhere (RGAA 3.2); the test computes it.
namespace palette {
constexpr Color ground = 0xE4EAEE;
constexpr Color panel = 0xFFFFFF;
constexpr Color line = 0xB4C0C9;
constexpr Color brand = 0x0E3A53;
constexpr Color on_brand = 0xFFFFFF;
constexpr Color faint_on_brand = 0xC9DCE7;
constexpr Color ink = 0x17242D;
constexpr Color faint = 0x4C5C67;
constexpr Color field_edge = 0x6B7C88;
constexpr Color focus = 0x0B6BB0;
constexpr Color alert = 0xA3171A;
constexpr Color alert_ground = 0xFBEAEA;
constexpr Color notice_ground = 0xE8F1F7;
constexpr Color warning_ground = 0x8A4B00;
} // namespace palette

/// What an outsider or another service sent, fit for the screen: printable, bounded, its line
/// breaks kept.
[[nodiscard]] std::string shown(std::string_view text);

struct KeyHint {
    std::string key;
    std::string label;
    bool is_main = false;
};

/// A column of pieces from the top of `area` downwards. Without a canvas nothing is drawn and only
/// the height is measured, so that a panel can be as high as what it holds.
class Column {
public:
    Column(Canvas* canvas, Rect area) : canvas_{canvas}, area_{area}, y_{area.y} {}

    [[nodiscard]] int y() const { return y_; }
    [[nodiscard]] int width() const { return area_.width; }
    [[nodiscard]] Canvas* canvas() { return canvas_; } // nullptr while measuring
    [[nodiscard]] Rect area() const { return area_; }
    void gap(int height) { y_ += height; }

    void text(Face face, std::string_view text, Color color, std::size_t lines_max);
    /// A name on the left, its text on the right.
    void labelled(std::string_view label, Face face, std::string_view text);
    /// A coloured ground with a mark: an alert begins with "!", so that colour is not alone.
    void note(std::string_view text, bool is_alert);
    void hints(std::vector<KeyHint> const& hints);
    /// Three marks of which one is full: `step` moves it, so that a wait is seen to be alive.
    void busy(std::int64_t step);
    /// `caret`: in characters, -1 without focus.
    void field(std::string_view label, std::string_view hint, std::string_view value, int caret);

private:
    [[nodiscard]] int label_width() const;

    Canvas* canvas_;
    Rect area_;
    int y_;
};

struct Frame {
    std::string product;
    std::string purpose;
    std::string site;
    std::string help;
    std::string other_language;
};

/// Ground, head and foot; returns the area between them.
[[nodiscard]] Rect draw_frame(Canvas& canvas, Frame const& frame);
/// What a panel of `width` has inside, at the top of `area` and as high as it may become.
[[nodiscard]] Rect panel_inside(Rect area, int width);
/// A white panel around an inside of this height, in the middle of `area`; returns that inside.
[[nodiscard]] Rect draw_panel(Canvas& canvas, Rect area, int width, int height, Color edge);

} // namespace ecluse::rdp
