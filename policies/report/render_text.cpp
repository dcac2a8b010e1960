#include "policies/report/document.h"

#include <algorithm>

namespace ecluse::report {
namespace {

constexpr std::size_t width_max = 100;
constexpr std::size_t label_width = 34;

/// Characters, not bytes: good enough for texts without combining marks, which is what French and
/// the escaped rest are.
std::size_t columns(std::string_view text)
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

std::string spaces(std::size_t count)
{
    return std::string(count, ' ');
}

class TextPage {
public:
    void line(std::string_view text)
    {
        out_ += text;
        while (out_.ends_with(' '))
            out_.pop_back();
        out_ += '\n';
    }
    /// `text` broken at spaces, every line after `indent` columns; `first` starts the first line.
    void wrapped(std::string_view text, std::size_t indent, std::string first)
    {
        std::string current = std::move(first);
        bool empty = true;
        std::size_t used = columns(current);
        auto const flush = [&] {
            line(current);
            current = spaces(indent);
            used = indent;
            empty = true;
        };
        while (true) {
            auto const end = text.find_first_of(" \n");
            auto const word = text.substr(0, end);
            if (!empty && used + 1 + columns(word) > width_max) flush();
            if (!empty) current += ' ';
            used += columns(word) + (empty ? 0 : 1);
            current += word;
            empty = false;
            if (end == std::string_view::npos) break;
            if (text[end] == '\n') flush();
            text.remove_prefix(end + 1);
        }
        line(current);
    }
    void operator()(Heading const& heading)
    {
        line("");
        line(heading.text);
        line(underline(heading.text, heading.level == 1 ? "=" : "-"));
    }
    void operator()(Paragraph const& paragraph)
    {
        if (paragraph.tone == Paragraph::Tone::declared) return line("  [" + paragraph.text + "]");
        bool const alert = paragraph.tone == Paragraph::Tone::alert;
        wrapped(paragraph.text, alert ? 3 : 0, alert ? "!! " : "");
    }
    void operator()(Details const& details)
    {
        for (auto const& [label, value, code] : details.rows) {
            auto first = "  " + label + " ";
            while (columns(first) < label_width)
                first += ' ';
            wrapped(value, label_width, first);
        }
    }
    /// A terminal has no room for six columns of paths and hashes: one paragraph per row.
    void operator()(Table const& table)
    {
        line("");
        line(table.caption);
        for (auto const& row : table.rows) {
            std::string joined;
            for (auto const& cell : row) {
                auto flat = cell.text;
                std::replace(flat.begin(), flat.end(), '\n', ' ');
                if (flat.empty() && cell.code.empty()) continue;
                if (!joined.empty()) joined += " | ";
                joined += flat;
                if (!cell.code.empty()) joined += (flat.empty() ? "" : "\n") + cell.code;
            }
            wrapped(joined, 4, "  - ");
        }
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    static std::string underline(std::string_view text, std::string_view with)
    {
        std::string drawn;
        for (std::size_t i = 0; i < std::min(columns(text), width_max); ++i)
            drawn += with;
        return drawn;
    }

    std::string out_;
};

} // namespace

std::string render_text(Facts const& facts, Form const* form, Language language)
{
    auto const document = compose(facts, form, language);
    TextPage page;
    if (!document.banner.empty()) page.line("*** " + document.banner + " ***");
    page.wrapped(document.title + " – " + document.number, 0, "");
    page.wrapped(document.site + " – " + document.subtitle, 0, "");
    page.wrapped(document.status, 0, "");
    page.line("");
    page(document.summary);
    for (auto const& block : document.blocks)
        std::visit(page, block);
    return page.take();
}

} // namespace ecluse::report
