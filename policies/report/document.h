#pragma once

#include "policies/report/form.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

/// What the report says, before anybody decides how it looks: the PDF and the terminal show the
/// same document. Every text is complete and already safe to show (`printable`).
namespace ecluse::report {

struct Heading {
    int level; // 1: part, 2: session
    std::string text;
};

struct Paragraph {
    enum class Tone { plain, muted, declared, alert };
    std::string text;
    Tone tone = Tone::plain;
};

struct Row {
    Row(std::string row_label, std::string row_value, bool is_code = false)
        : label{std::move(row_label)}, value{std::move(row_value)}, code{is_code}
    {
    }
    std::string label, value;
    bool code; // fixed width: a hash
};

/// Labels and their values.
struct Details {
    std::vector<Row> rows;
};

struct Column {
    std::string title;
    int share; // width relative to the other columns
    bool right = false;
};

struct Cell {
    std::string text;
    std::string code = {}; // shown below, in fixed width: a hash, a command
    bool small = false;    // the code is for machines: in smaller type
};

struct Table {
    std::string caption;
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows;
};

using Block = std::variant<Heading, Paragraph, Details, Table>;

struct Document {
    Language language;
    std::string title, subtitle; // what it is; which intervention
    std::string site, number;    // in the header of each page
    std::string banner;          // "BROUILLON – non signé", or empty
    std::string status;
    std::string page_label; // "page {page} / {count}" with its holes left open
    Details summary;
    std::vector<Block> blocks;
};

/// `form` is null while nothing was declared.
[[nodiscard]] Document compose(Facts const& facts, Form const* form, Language language);
/// The same document for a terminal, lines of at most 100 columns except unbreakable values.
[[nodiscard]] std::string render_text(Facts const& facts, Form const* form, Language language);

} // namespace ecluse::report
