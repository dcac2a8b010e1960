#include "policies/report/pdf_layout.h"

#include "policies/report/pdf_sheet.h"

#include <algorithm>
#include <numeric>

namespace ecluse::report {
namespace {

constexpr Colour ink{0.11, 0.13, 0.15};
constexpr Colour muted{0.35, 0.40, 0.44};
constexpr Colour accent{0.07, 0.29, 0.37};
constexpr Colour rule{0.80, 0.84, 0.86};
constexpr Colour head_fill{0.92, 0.95, 0.96};
constexpr Colour summary_fill{0.955, 0.97, 0.975};
constexpr Colour draft_fill{1.0, 0.95, 0.82};
constexpr Colour draft_ink{0.45, 0.27, 0.0};
constexpr Colour declared_fill{0.965, 0.95, 0.915};
constexpr Colour declared_ink{0.42, 0.33, 0.14};
constexpr Colour alert_fill{0.99, 0.92, 0.91};
constexpr Colour alert_ink{0.58, 0.10, 0.08};

constexpr Style title_style{20, true, false, accent};
constexpr Style subtitle_style{11, false, false, muted};
constexpr Style part_style{13, true, false, accent};
constexpr Style session_style{10, true, false, ink};
constexpr Style caption_style{9, true, false, ink};
constexpr Style body_style{9, false, false, ink};
constexpr Style label_style{9, false, false, muted};
constexpr Style note_style{8.5, false, false, muted};
constexpr Style alert_style{9.5, true, false, alert_ink};
constexpr Style head_style{8, true, false, accent};
constexpr Style head_right_style{8, true, false, accent, true};
constexpr Style cell_style{8.5, false, false, ink};
constexpr Style cell_right_style{8.5, false, false, ink, true};
constexpr Style code_style{7.5, false, true, muted};
constexpr Style code_small_style{6.6, false, true, muted};
constexpr Style hash_style{8.4, false, true, ink};
constexpr Style declared_style{7.5, true, false, declared_ink};
constexpr Style code_only_style{7.5, false, true, ink};
constexpr Style furniture_style{8, false, false, muted};
constexpr Style furniture_right_style{8, false, false, muted, true};
constexpr Style banner_style{9.5, true, false, draft_ink};

constexpr double body_width = page_width - 2 * margin;
constexpr double body_bottom = page_height - 56;
constexpr double label_share = 0.32;
constexpr double cell_padding = 4;

/// The texts of one cell, one under the other, as lines that a page may end between.
struct Stack {
    std::vector<Text> texts;
    double height = 0;

    void add(Text text)
    {
        height += text.height;
        texts.push_back(std::move(text));
    }
};

struct PlacedCell {
    double left;
    Stack stack;
    std::size_t text = 0, line = 0; // what is still to draw
};

class Layout {
public:
    Layout(std::string& out, Document const& document, int page_count)
        : document_{document}, page_count_{page_count},
          sheet_{out, document.language == Language::french ? "fr-FR" : "en-GB"}
    {
    }

    Result<int> draw()
    {
        sheet_.begin("Document");
        start_page();
        opening();
        for (std::size_t i = 0; i < document_.blocks.size() && page_ <= pages_max; ++i)
            std::visit([this](auto const& block) { show(block); }, document_.blocks[i]);
        if (page_ > pages_max) return Error{Errc::too_large, "draw PDF: too many pages"};
        sheet_.end("Document");
        sheet_.show_page();
        if (auto const done = sheet_.finish(); !done) return done.error();
        return page_;
    }

private:
    // --- pages -------------------------------------------------------------------------------
    void start_page()
    {
        ++page_;
        double top = 30;
        if (!document_.banner.empty()) {
            sheet_.fill(0, 0, page_width, 24, draft_fill);
            auto const banner = sheet_.measure(document_.banner, banner_style, -1);
            double const width = text_width(banner);
            furniture(banner, (page_width - width) / 2, 6);
            top = 36;
        }
        auto const site = sheet_.measure(document_.site, furniture_style, body_width * 0.55);
        auto const number =
            sheet_.measure(document_.number, furniture_right_style, body_width * 0.43);
        furniture(site, margin, top);
        furniture(number, margin + body_width * 0.57, top);
        double const bottom = top + std::max(furniture_height(site), furniture_height(number)) + 4;
        sheet_.fill(margin, bottom, body_width, 0.6, rule);
        footer();
        y_ = bottom + 18;
    }

    void footer()
    {
        auto const title = sheet_.measure(document_.title, furniture_style, body_width * 0.6);
        auto label = document_.page_label;
        replace(label, "{page}", std::to_string(page_));
        replace(label, "{count}", std::to_string(page_count_));
        auto const page = sheet_.measure(label, furniture_right_style, body_width * 0.35);
        sheet_.fill(margin, page_height - 42, body_width, 0.6, rule);
        furniture(title, margin, page_height - 36);
        furniture(page, margin + body_width * 0.65, page_height - 36);
    }

    static void replace(std::string& text, std::string_view hole, std::string const& value)
    {
        if (auto const at = text.find(hole); at != std::string::npos)
            text.replace(at, hole.size(), value);
    }

    /// Header and footer never take more than three lines: the part says the rest of a long name.
    static double furniture_height(Text const& text)
    {
        double height = 0;
        for (std::size_t i = 0; i < std::min<std::size_t>(text.lines.size(), 3); ++i)
            height += text.lines[i].height;
        return height;
    }

    /// Repeated on each page, so outside the reading order: drawn without a tag.
    void furniture(Text const& text, double left, double top)
    {
        for (std::size_t i = 0; i < std::min<std::size_t>(text.lines.size(), 3); ++i) {
            sheet_.draw_untagged(text, text.lines[i], left, top);
            top += text.lines[i].height;
        }
    }

    static double text_width(Text const& text)
    {
        PangoRectangle logical{};
        pango_layout_get_extents(text.layout.get(), nullptr, &logical);
        return static_cast<double>(logical.width) / PANGO_SCALE;
    }

    void new_page()
    {
        sheet_.show_page();
        start_page();
    }

    void need(double height)
    {
        if (y_ + height > body_bottom) new_page();
    }

    // --- blocks ------------------------------------------------------------------------------
    void flow(char const* tag, Text const& text, double left)
    {
        sheet_.begin(tag);
        for (auto const& line : text.lines) {
            need(line.height);
            sheet_.draw_line(text, line, left, y_);
            y_ += line.height;
        }
        sheet_.end(tag);
    }

    void opening()
    {
        flow("H1", sheet_.measure(document_.title, title_style, body_width), margin);
        y_ += 3;
        if (!document_.subtitle.empty()) {
            flow("P", sheet_.measure(document_.subtitle, subtitle_style, body_width), margin);
            y_ += 10;
        }
        // The summary is measured first: its coloured ground lies behind, when it fits one page.
        double const inside = body_width - 28;
        std::vector<std::pair<Text, Text>> rows;
        double height = 0;
        for (auto const& [label, value, code] : document_.summary.rows) {
            rows.emplace_back(
                sheet_.measure(label, label_style, inside * 0.2),
                sheet_.measure(value, rows.empty() ? strong_style : body_style, inside * 0.78)
            );
            height += std::max(rows.back().first.height, rows.back().second.height) + 4;
        }
        bool const framed = y_ + height + 46 < body_bottom;
        double const top = y_;
        if (framed) {
            sheet_.fill(margin, top, body_width, height + 38, summary_fill);
            sheet_.fill(margin, top, 3, height + 38, accent);
        }
        y_ += 10;
        flow("P", sheet_.measure(document_.status, status_left_style, inside), margin + 14);
        y_ += 8;
        sheet_.begin("L");
        for (auto& [label, value] : rows)
            labelled(label, value, margin + 14, inside * 0.22, 4);
        sheet_.end("L");
        y_ += 22;
    }

    /// A label and its value side by side; the value may run over several pages.
    void labelled(Text const& label, Text const& value, double left, double offset, double gap)
    {
        double const first =
            std::max(label.height, value.lines.empty() ? 0 : value.lines.front().height);
        need(first);
        sheet_.begin("LI");
        sheet_.begin("Lbl");
        sheet_.draw(label, left, y_);
        sheet_.end("Lbl");
        double const below_label = y_ + label.height;
        int const page = page_;
        sheet_.begin("LBody");
        for (auto const& line : value.lines) {
            need(line.height);
            sheet_.draw_line(value, line, left + offset, y_);
            y_ += line.height;
        }
        sheet_.end("LBody");
        sheet_.end("LI");
        if (page == page_) y_ = std::max(y_, below_label);
        y_ += gap;
    }

    void show(Heading const& heading)
    {
        bool const part = heading.level == 1;
        auto const text =
            sheet_.measure(heading.text, part ? part_style : session_style, body_width);
        y_ += part ? 14 : 8;
        // A heading never stays alone at the foot of a page.
        need(text.height + 60);
        flow(part ? "H2" : "H3", text, margin);
        if (part) {
            sheet_.fill(margin, y_ + 2, body_width, 1, accent);
            y_ += 3;
        }
        y_ += part ? 8 : 4;
    }

    void show(Paragraph const& paragraph)
    {
        if (paragraph.tone == Paragraph::Tone::declared) return declared_mark(paragraph.text);
        if (paragraph.tone != Paragraph::Tone::alert) {
            bool const plain = paragraph.tone == Paragraph::Tone::plain;
            auto const text =
                sheet_.measure(paragraph.text, plain ? body_style : note_style, body_width);
            flow("P", text, margin);
            y_ += 6;
            return;
        }
        auto const text = sheet_.measure(paragraph.text, alert_style, body_width - 24);
        bool const framed = text.height + 16 < body_bottom - 120;
        if (framed) {
            need(text.height + 16);
            sheet_.fill(margin, y_, body_width, text.height + 12, alert_fill);
            sheet_.fill(margin, y_, 3, text.height + 12, alert_ink);
        }
        y_ += 6;
        flow("P", text, margin + 12);
        y_ += 14;
    }

    /// A small label that tells the declared from the measured.
    void declared_mark(std::string const& words)
    {
        auto const text = sheet_.measure(words, declared_style, body_width - 16);
        y_ += 2;
        // With the block that follows.
        need(text.height + 50);
        sheet_.fill(margin, y_, text_width(text) + 16, text.height + 5, declared_fill);
        y_ += 2.5;
        flow("P", text, margin + 8);
        y_ += 8.5;
    }

    void show(Details const& details)
    {
        if (details.rows.empty()) return;
        double const label_width = body_width * label_share;
        sheet_.begin("L");
        for (auto const& [label, value, code] : details.rows)
            labelled(
                sheet_.measure(label, label_style, label_width - 10),
                sheet_.measure(value, code ? hash_style : body_style, body_width - label_width),
                margin,
                label_width,
                3.5
            );
        sheet_.end("L");
        y_ += 6;
    }

    // --- tables ------------------------------------------------------------------------------
    [[nodiscard]] std::vector<PlacedCell> place(Table const& table, std::vector<Cell> const& row)
    {
        std::vector<PlacedCell> placed;
        double left = margin;
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            double const width = column_width(table, i);
            PlacedCell cell{left + cell_padding, {}};
            double const inside = width - 2 * cell_padding;
            bool const right = table.columns[i].right;
            if (i < row.size() && !row[i].text.empty())
                cell.stack.add(
                    sheet_.measure(row[i].text, right ? cell_right_style : cell_style, inside)
                );
            if (i < row.size() && !row[i].code.empty())
                cell.stack.add(sheet_.measure(row[i].code, code_style_of(row[i]), inside));
            placed.push_back(std::move(cell));
            left += width;
        }
        return placed;
    }

    static Style const& code_style_of(Cell const& cell)
    {
        if (cell.small) return code_small_style;
        return cell.text.empty() ? code_only_style : code_style;
    }

    static double column_width(Table const& table, std::size_t i)
    {
        int const total = std::accumulate(
            table.columns.begin(),
            table.columns.end(),
            0,
            [](int sum, Column const& column) { return sum + column.share; }
        );
        return body_width * table.columns[i].share / total;
    }

    /// Tagged once; repeated on further pages for the eye only.
    void table_head(Table const& table, bool first)
    {
        std::vector<Text> titles;
        double height = 0;
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            titles.push_back(sheet_.measure(
                table.columns[i].title,
                table.columns[i].right ? head_right_style : head_style,
                column_width(table, i) - 2 * cell_padding
            ));
            height = std::max(height, titles.back().height);
        }
        height += 2 * cell_padding;
        sheet_.fill(margin, y_, body_width, height, head_fill);
        double left = margin;
        if (first) sheet_.begin("TR");
        for (std::size_t i = 0; i < titles.size(); ++i) {
            if (first) {
                sheet_.begin("TH");
                sheet_.draw(titles[i], left + cell_padding, y_ + cell_padding);
                sheet_.end("TH");
            } else {
                furniture(titles[i], left + cell_padding, y_ + cell_padding);
            }
            left += column_width(table, i);
        }
        if (first) sheet_.end("TR");
        y_ += height;
    }

    /// Draws what fits above `bottom`; returns whether everything is drawn.
    bool row_slice(std::vector<PlacedCell>& cells, double bottom)
    {
        double const top = y_ + cell_padding;
        double lowest = top;
        bool complete = true;
        sheet_.begin("TR");
        for (auto& cell : cells) {
            sheet_.begin("TD");
            double y = top;
            while (cell.text < cell.stack.texts.size()) {
                auto const& text = cell.stack.texts[cell.text];
                if (cell.line == text.lines.size()) {
                    ++cell.text;
                    cell.line = 0;
                    continue;
                }
                auto const& line = text.lines[cell.line];
                if (y + line.height > bottom) break;
                sheet_.draw_line(text, line, cell.left, y);
                y += line.height;
                ++cell.line;
            }
            sheet_.end("TD");
            complete = complete && cell.text == cell.stack.texts.size();
            lowest = std::max(lowest, y);
        }
        sheet_.end("TR");
        y_ = lowest + cell_padding;
        sheet_.fill(margin, y_, body_width, 0.5, rule);
        y_ += 0.5;
        return complete;
    }

    void show(Table const& table)
    {
        // The title, the head and a first line stay together.
        need(70);
        y_ += 2;
        flow("P", sheet_.measure(table.caption, caption_style, body_width), margin);
        y_ += 3;
        sheet_.begin("Table");
        table_head(table, true);
        double const page_body = body_bottom - 120;
        for (auto const& row : table.rows) {
            if (page_ > pages_max) break;
            auto cells = place(table, row);
            double height = 0;
            for (auto const& cell : cells)
                height = std::max(height, cell.stack.height);
            height += 2 * cell_padding + 1;
            if (y_ + height > body_bottom && (height < page_body / 3 || y_ + 60 > body_bottom))
                next_table_page(table);
            while (!row_slice(cells, body_bottom - cell_padding) && page_ <= pages_max)
                next_table_page(table);
        }
        sheet_.end("Table");
        y_ += 10;
    }

    void next_table_page(Table const& table)
    {
        new_page();
        table_head(table, false);
    }

    static constexpr Style strong_style{9, true, false, ink};
    static constexpr Style status_left_style{11, true, false, accent};

    Document const& document_;
    int page_count_;
    Sheet sheet_;
    int page_ = 0;
    double y_ = 0;
};

} // namespace

Result<std::string> lay_out_pdf(Document const& document)
{
    // The first drawing only counts the pages for "page 2 / 7".
    std::string counted;
    int const pages = ECLUSE_TRY(Layout(counted, document, 0).draw());
    counted.clear();
    std::string pdf;
    ECLUSE_TRY(Layout(pdf, document, pages).draw());
    return pdf;
}

} // namespace ecluse::report
