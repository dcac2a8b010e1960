#include "policies/policyd/person_file.h"

#include "common/utf8.h"

#include <algorithm>
#include <array>
#include <optional>

namespace ecluse::policyd {
namespace {

struct Column {
    std::string_view written;
    std::string_view field;
};
/// Small letters without accents, apostrophes or separators.
constexpr std::array<Column, 20> columns{
    {{"prenom", "first_name"},
     {"firstname", "first_name"},
     {"nom", "last_name"},
     {"lastname", "last_name"},
     {"identifiant", "login"},
     {"login", "login"},
     {"courriel", "mail"},
     {"mail", "mail"},
     {"telephone", "phone"},
     {"phone", "phone"},
     {"titulaire", "vendor"},
     {"vendor", "vendor"},
     {"soustraitant", "subcontractor"},
     {"subcontractor", "subcontractor"},
     {"role", "role"},
     {"jusquau", "until"},
     {"until", "until"},
     {"langue", "person_language"},
     {"personlanguage", "person_language"},
     {"language", "person_language"}}};
constexpr std::array<std::string_view, 5> required{
    "first_name", "last_name", "login", "mail", "role"};
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

char unaccented(char32_t point)
{
    switch (point) {
    case U'é':
    case U'è':
    case U'ê':
    case U'É':
        return 'e';
    case U'ô':
    case U'Ô':
        return 'o';
    default:
        return point < 0x80 ? static_cast<char>(point) : '\0';
    }
}

std::string plain_name(std::string_view written)
{
    std::string name;
    while (!written.empty()) {
        auto const next = decode_utf8(written);
        auto letter = unaccented(next.point);
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
        if (letter >= 'a' && letter <= 'z') name += letter;
        written.remove_prefix(next.length);
    }
    return name;
}

std::string_view trimmed(std::string_view text)
{
    auto const is_blank = [](char letter) { return letter == ' ' || letter == '\t'; };
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

bool is_text(std::string_view text)
{
    while (!text.empty()) {
        auto const next = decode_utf8(text);
        if (next.length == 0) return false;
        bool const is_control = next.point < 0x20 || next.point == 0x7F;
        if (is_control && next.point != '\t' && next.point != '\r' && next.point != '\n')
            return false;
        text.remove_prefix(next.length);
    }
    return true;
}

struct Record {
    int line;
    std::vector<std::string> cells;
};

/// Cells and lines; a quoted cell may hold separators, line ends and doubled quotation marks.
class Reader {
public:
    Reader(std::string_view text, char separator) : text_{text}, separator_{separator} {}

    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    [[nodiscard]] int line() const { return line_; }
    /// Nothing: the quotation is broken.
    std::optional<Record> next()
    {
        Record record{line_, {}};
        for (;;) {
            auto cell = !at_end() && text_[at_] == '"' ? quoted() : bare();
            if (!cell) return std::nullopt;
            record.cells.emplace_back(trimmed(*cell));
            if (!at_end() && text_[at_] == separator_) {
                ++at_;
                continue;
            }
            end_line();
            return record;
        }
    }

private:
    [[nodiscard]] bool ends_cell() const
    {
        return at_end() || text_[at_] == separator_ || text_[at_] == '\n' || text_[at_] == '\r';
    }
    std::optional<std::string> bare()
    {
        auto const from = at_;
        while (!ends_cell())
            ++at_;
        return std::string{text_.substr(from, at_ - from)};
    }
    std::optional<std::string> quoted()
    {
        std::string cell;
        for (++at_; !at_end(); ++at_) {
            if (text_[at_] != '"') {
                if (text_[at_] == '\n') ++line_;
                cell += text_[at_];
                continue;
            }
            ++at_;
            if (at_end() || text_[at_] != '"')
                return ends_cell() ? std::optional{cell} : std::nullopt;
            cell += '"';
        }
        return std::nullopt;
    }
    void end_line()
    {
        if (!at_end() && text_[at_] == '\r') ++at_;
        if (!at_end() && text_[at_] == '\n') ++at_;
        ++line_;
    }

    std::string_view text_;
    char separator_;
    std::size_t at_ = 0;
    int line_ = 1;
};

bool is_empty(Record const& record)
{
    return std::all_of(record.cells.begin(), record.cells.end(), [](std::string const& cell) {
        return cell.empty();
    });
}

std::variant<std::vector<std::string>, PersonFileError> read_columns(Record const& head)
{
    std::vector<std::string> fields;
    for (auto const& written : head.cells) {
        auto const name = plain_name(written);
        auto const* const column =
            std::find_if(columns.begin(), columns.end(), [&](Column const& one) {
                return one.written == name;
            });
        if (column == columns.end())
            return PersonFileError{PersonFileFault::unknown_column, written, head.line};
        if (std::find(fields.begin(), fields.end(), column->field) != fields.end())
            return PersonFileError{PersonFileFault::twice, written, head.line};
        fields.emplace_back(column->field);
    }
    for (auto const field : required)
        if (std::find(fields.begin(), fields.end(), field) == fields.end())
            return PersonFileError{PersonFileFault::missing_column, std::string{field}, head.line};
    return fields;
}

PersonLine to_line(Record&& record, std::vector<std::string> const& fields)
{
    PersonLine line{record.line, {}, record.cells.size() != fields.size()};
    for (std::size_t i = 0; i < fields.size() && i < record.cells.size(); ++i)
        if (!record.cells[i].empty()) line.cells[fields[i]] = std::move(record.cells[i]);
    return line;
}

} // namespace

std::variant<std::vector<PersonLine>, PersonFileError> read_person_file(std::string_view text)
{
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    if (!is_text(text)) return PersonFileError{PersonFileFault::not_text};
    auto const first_line = text.substr(0, text.find('\n'));
    char const separator = first_line.find(';') != std::string_view::npos ? ';' : ',';
    Reader reader{text, separator};
    std::vector<std::string> fields;
    std::vector<PersonLine> lines;
    while (!reader.at_end()) {
        auto const line = reader.line();
        auto record = reader.next();
        if (!record) return PersonFileError{PersonFileFault::open_quote, {}, line};
        if (is_empty(*record)) continue;
        if (fields.empty()) {
            auto head = read_columns(*record);
            if (auto* const fault = std::get_if<PersonFileError>(&head)) return std::move(*fault);
            fields = std::get<std::vector<std::string>>(std::move(head));
            continue;
        }
        if (lines.size() == person_file_lines_max)
            return PersonFileError{PersonFileFault::too_long, {}, record->line};
        lines.push_back(to_line(*std::move(record), fields));
    }
    if (lines.empty()) return PersonFileError{PersonFileFault::empty};
    return lines;
}

} // namespace ecluse::policyd
