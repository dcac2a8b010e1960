#pragma once

#include "common/result.h"

#include <cairo.h>
#include <memory>
#include <pango/pango.h>
#include <string>
#include <string_view>
#include <vector>

/// Pages, lines of text and structure tags: what Pango and Cairo are used for. One sheet draws one
/// PDF, top to bottom.
namespace ecluse::report {

struct Colour {
    double red, green, blue;
};

struct Style {
    double size; // points
    bool bold = false;
    bool fixed = false; // DejaVu Sans Mono
    Colour colour;
    bool right = false;
};

struct LayoutUnref {
    void operator()(PangoLayout* layout) const;
};
struct FontMapUnref {
    void operator()(PangoFontMap* map) const;
};
struct ContextUnref {
    void operator()(PangoContext* context) const;
};
struct SurfaceDestroy {
    void operator()(cairo_surface_t* surface) const;
};
struct CairoDestroy {
    void operator()(cairo_t* cairo) const;
};

/// A text broken into lines for a width; lines are drawn one by one so that any page may end
/// between them.
struct Text {
    struct Line {
        PangoLayoutLine* line;
        double x, height, baseline;
    };
    std::unique_ptr<PangoLayout, LayoutUnref> layout;
    Colour colour{};
    std::vector<Line> lines;
    double height = 0;
};

/// The four DejaVu files and nothing of the machine's font settings: the same facts look the same
/// everywhere. Once per process.
Result<> use_dejavu_fonts();

constexpr double page_width = 595.276; // A4
constexpr double page_height = 841.890;
constexpr double margin = 51; // 18 mm

class Sheet {
public:
    /// Draws into `out` until `finish`.
    Sheet(std::string& out, std::string_view language);

    [[nodiscard]] cairo_t* cairo() const { return cairo_.get(); }
    [[nodiscard]] Text measure(std::string_view text, Style const& style, double width) const;
    /// One line with its top at `top`, in a Span of its own: Cairo 1.16 loses the text of longer
    /// marked passages.
    void draw_line(Text const& text, Text::Line const& line, double left, double top) const;
    /// Outside the reading order: headers and footers.
    void draw_untagged(Text const& text, Text::Line const& line, double left, double top) const;
    /// All lines from `top` down; the caller has made room.
    void draw(Text const& text, double left, double top) const;
    void fill(double left, double top, double width, double height, Colour colour) const;
    void begin(char const* tag) const;
    void end(char const* tag) const;
    void show_page();
    Result<> finish();

private:
    std::unique_ptr<cairo_surface_t, SurfaceDestroy> surface_;
    std::unique_ptr<cairo_t, CairoDestroy> cairo_;
    std::unique_ptr<PangoFontMap, FontMapUnref> fonts_;
    std::unique_ptr<PangoContext, ContextUnref> context_;
};

} // namespace ecluse::report
