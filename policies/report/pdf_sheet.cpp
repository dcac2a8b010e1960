#include "policies/report/pdf_sheet.h"

#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>

namespace ecluse::report {
namespace {

/// Debian's fonts-dejavu-core.
constexpr char const* font_files[] = {
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf",
};

cairo_status_t append(void* out, unsigned char const* bytes, unsigned count)
{
    static_cast<std::string*>(out)->append(reinterpret_cast<char const*>(bytes), count);
    return CAIRO_STATUS_SUCCESS;
}

double points(int units)
{
    return static_cast<double>(units) / PANGO_SCALE;
}

void add(PangoAttrList* list, PangoAttribute* attribute)
{
    pango_attr_list_insert(list, attribute);
}

} // namespace

void LayoutUnref::operator()(PangoLayout* layout) const
{
    g_object_unref(layout);
}
void FontMapUnref::operator()(PangoFontMap* map) const
{
    g_object_unref(map);
}
void ContextUnref::operator()(PangoContext* context) const
{
    g_object_unref(context);
}
void SurfaceDestroy::operator()(cairo_surface_t* surface) const
{
    cairo_surface_destroy(surface);
}
void CairoDestroy::operator()(cairo_t* cairo) const
{
    cairo_destroy(cairo);
}

Result<> use_dejavu_fonts()
{
    auto* const config = FcConfigCreate();
    if (!config) return Error{Errc::io, "load fonts: no memory"};
    for (auto const* const file : font_files)
        if (!FcConfigAppFontAddFile(config, reinterpret_cast<FcChar8 const*>(file)))
            return Error{Errc::not_found, std::string{"load fonts: "} + file};
    bool const current = FcConfigSetCurrent(config);
    FcConfigDestroy(config); // the current configuration keeps its own reference
    if (!current) return Error{Errc::io, "load fonts: configuration refused"};
    return {};
}

Sheet::Sheet(std::string& out, std::string_view language)
    : surface_{cairo_pdf_surface_create_for_stream(append, &out, page_width, page_height)}
{
    cairo_pdf_surface_restrict_to_version(surface_.get(), CAIRO_PDF_VERSION_1_5);
    cairo_.reset(cairo_create(surface_.get()));
    fonts_.reset(pango_cairo_font_map_new());
    context_.reset(pango_font_map_create_context(fonts_.get()));
    pango_cairo_update_context(cairo_.get(), context_.get());
    pango_context_set_language(
        context_.get(), pango_language_from_string(std::string{language}.c_str())
    );
    // Whole-pixel positions would space the letters of small type unevenly on paper.
    pango_context_set_round_glyph_positions(context_.get(), FALSE);
    auto* const options = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    pango_cairo_context_set_font_options(context_.get(), options);
    cairo_font_options_destroy(options);
}

Text Sheet::measure(std::string_view text, Style const& style, double width) const
{
    Text measured;
    measured.colour = style.colour;
    measured.layout.reset(pango_layout_new(context_.get()));
    auto* const layout = measured.layout.get();
    pango_layout_set_text(layout, text.data(), static_cast<int>(text.size()));
    auto* const font = pango_font_description_new();
    pango_font_description_set_family(font, style.fixed ? "DejaVu Sans Mono" : "DejaVu Sans");
    pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
    pango_font_description_set_weight(font, style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    auto* const attributes = pango_attr_list_new();
    // Ligatures would vanish from the tagged text; a hyphen inside a broken hash would lie.
    add(attributes, pango_attr_font_features_new("liga=0,clig=0,dlig=0,calt=0"));
    add(attributes, pango_attr_insert_hyphens_new(FALSE));
    pango_layout_set_attributes(layout, attributes);
    pango_attr_list_unref(attributes);
    pango_layout_set_width(layout, static_cast<int>(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout, style.right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    pango_layout_set_auto_dir(layout, FALSE);
    pango_layout_set_spacing(layout, static_cast<int>(style.size * 0.12 * PANGO_SCALE));

    auto* const iterator = pango_layout_get_iter(layout);
    double previous_bottom = 0;
    do {
        PangoRectangle logical{};
        pango_layout_iter_get_line_extents(iterator, nullptr, &logical);
        int top = 0;
        int bottom = 0;
        pango_layout_iter_get_line_yrange(iterator, &top, &bottom);
        measured.lines.push_back(
            {pango_layout_iter_get_line_readonly(iterator),
             points(logical.x),
             points(bottom) - previous_bottom,
             points(pango_layout_iter_get_baseline(iterator)) - previous_bottom}
        );
        previous_bottom = points(bottom);
    } while (pango_layout_iter_next_line(iterator));
    pango_layout_iter_free(iterator);
    measured.height = previous_bottom;
    return measured;
}

void Sheet::draw_line(Text const& text, Text::Line const& line, double left, double top) const
{
    if (pango_layout_line_get_length(line.line) == 0) return;
    begin("Span");
    draw_untagged(text, line, left, top);
    end("Span");
}

void Sheet::draw_untagged(Text const& text, Text::Line const& line, double left, double top) const
{
    cairo_set_source_rgb(cairo_.get(), text.colour.red, text.colour.green, text.colour.blue);
    cairo_move_to(cairo_.get(), left + line.x, top + line.baseline);
    pango_cairo_show_layout_line(cairo_.get(), line.line);
}

void Sheet::draw(Text const& text, double left, double top) const
{
    for (auto const& line : text.lines) {
        draw_line(text, line, left, top);
        top += line.height;
    }
}

void Sheet::fill(double left, double top, double width, double height, Colour colour) const
{
    cairo_set_source_rgb(cairo_.get(), colour.red, colour.green, colour.blue);
    cairo_rectangle(cairo_.get(), left, top, width, height);
    cairo_fill(cairo_.get());
}

void Sheet::begin(char const* tag) const
{
    cairo_tag_begin(cairo_.get(), tag, nullptr);
}

void Sheet::end(char const* tag) const
{
    cairo_tag_end(cairo_.get(), tag);
}

void Sheet::show_page()
{
    cairo_show_page(cairo_.get());
}

Result<> Sheet::finish()
{
    cairo_surface_finish(surface_.get());
    for (auto const status : {cairo_status(cairo_.get()), cairo_surface_status(surface_.get())})
        if (status != CAIRO_STATUS_SUCCESS)
            return Error{Errc::io, std::string{"draw PDF: "} + cairo_status_to_string(status)};
    return {};
}

} // namespace ecluse::report
