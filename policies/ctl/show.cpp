#include "policies/ctl/show.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/paris_time.h"
#include "common/text_keys.h"
#include "policies/ctl/ctl.h"

#include <algorithm>

namespace ecluse::ctl {
namespace {

/// Beyond, a cell would push the others off the screen.
constexpr std::size_t cell_chars_max = 60;
constexpr std::size_t value_chars_max = 4096;

std::string label(std::string_view field, Language language)
{
    auto const key = find_text("ctl.column." + std::string{field});
    return key ? text(language, *key) : std::string{field};
}

std::string scalar(json::value const& value, Language language, std::size_t chars_max)
{
    if (value.is_null()) return "–";
    if (value.is_bool())
        return text(language, value.get_bool() ? TextKey::ctl_yes : TextKey::ctl_no);
    if (value.is_int64()) return std::to_string(value.get_int64());
    if (value.is_uint64()) return std::to_string(value.get_uint64());
    if (!value.is_string()) return printable(json::serialize(value), chars_max);
    std::string_view const words = value.get_string();
    if (auto const moment = parse_iso(words)) return format_moment(*moment, language);
    return printable(words, chars_max);
}

/// Words of our own lists (states, roles, natures) have a translation; a person's words never do.
bool is_translated(std::string_view field)
{
    static constexpr std::string_view fields[] = {
        "state",
        "role",
        "roles",
        "nature",
        "kind",
        "open_mode",
        "functions",
        "method",
        "outcome",
        "end_reason",
        "recording",
        "decision",
        "verdict"};
    return std::find(std::begin(fields), std::end(fields), field) != std::end(fields);
}

std::string word(json::value const& value, std::string_view field, Language language)
{
    if (is_translated(field) && value.is_string()) {
        auto const key = find_text("ctl.word." + std::string{std::string_view{value.get_string()}});
        if (key) return text(language, *key);
    }
    return {};
}

std::string
cell(json::value const& value, std::string_view field, Language language, std::size_t chars_max)
{
    if (auto known = word(value, field, language); !known.empty()) return known;
    if (!value.is_array()) return scalar(value, language, chars_max);
    std::string joined;
    for (auto const& one : value.get_array()) {
        auto known = word(one, field, language);
        if (known.empty()) known = scalar(one, language, chars_max);
        joined += (joined.empty() ? "" : ", ") + known;
    }
    return joined.empty() ? "–" : joined;
}

bool is_table(json::value const& value)
{
    return value.is_array() && !value.get_array().empty() && value.get_array()[0].is_object();
}

std::vector<std::string_view> columns_of(json::array const& rows)
{
    std::vector<std::string_view> columns;
    for (auto const& row : rows)
        if (row.is_object())
            for (auto const& field : row.get_object())
                if (std::find(columns.begin(), columns.end(), std::string_view{field.key()}) ==
                    columns.end())
                    columns.push_back(field.key());
    return columns;
}

void pad(std::string& line, std::string_view text, std::size_t to)
{
    line += text;
    auto const wide = width(text);
    if (wide < to) line.append(to - wide, ' ');
}

} // namespace

Result<> unfold(Answered& answer)
{
    auto const* document = answer.fields.if_contains("document");
    if (!document || answer.descriptors.empty()) return {};
    auto const bytes = ECLUSE_TRY(read_all(answer.descriptors[0].get(), document_bytes_max));
    auto const object = ECLUSE_TRY(parse_object(bytes));
    answer.fields.erase("document");
    answer.descriptors.erase(answer.descriptors.begin());
    for (auto const& field : object)
        answer.fields[field.key()] = field.value();
    return {};
}

std::size_t width(std::string_view text)
{
    // Everything shown went through `printable`: one column for each character.
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    }));
}

std::string in_words(json::value const& value, std::string_view field, Language language)
{
    return cell(value, field, language, value_chars_max);
}

std::string
table(json::array const& rows, std::vector<std::string_view> const& columns, Language language)
{
    if (rows.empty()) return text(language, TextKey::ctl_empty) + "\n";
    std::vector<std::vector<std::string>> lines(1);
    for (auto const column : columns)
        lines[0].push_back(label(column, language));
    for (auto const& row : rows) {
        auto& line = lines.emplace_back();
        for (auto const column : columns) {
            auto const* value = row.is_object() ? row.get_object().if_contains(column) : nullptr;
            line.push_back(value ? cell(*value, column, language, cell_chars_max) : "–");
        }
    }
    std::vector<std::size_t> widths(columns.size());
    for (auto const& line : lines)
        for (std::size_t i = 0; i < line.size(); ++i)
            widths[i] = std::max(widths[i], width(line[i]));
    std::string shown;
    for (auto const& line : lines) {
        std::string padded;
        for (std::size_t i = 0; i < line.size(); ++i)
            pad(padded, line[i], i + 1 < line.size() ? widths[i] + 2 : 0);
        shown += padded + "\n";
    }
    return shown;
}

std::string details(json::object const& object, Language language)
{
    std::size_t widest = 0;
    for (auto const& field : object)
        if (!is_table(field.value()) && !field.value().is_object())
            widest = std::max(widest, width(label(field.key(), language)));
    std::string shown, below;
    for (auto const& field : object) {
        auto const name = label(field.key(), language);
        if (is_table(field.value())) {
            auto const& rows = field.value().get_array();
            below += "\n" + name + "\n" + table(rows, columns_of(rows), language);
        } else if (field.value().is_object()) {
            if (!field.value().get_object().empty())
                below += "\n" + name + "\n" + details(field.value().get_object(), language);
        } else {
            pad(shown, name, widest);
            shown += " : " + in_words(field.value(), field.key(), language) + "\n";
        }
    }
    return shown + below;
}

} // namespace ecluse::ctl
