#include "common/text_keys.h"
#include "policies/conformity/sheet.h"

namespace ecluse::conformity {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view formula_starts = "=+-@\t\r";

/// Quoted; what a spreadsheet would run becomes text.
std::string cell(std::string_view text)
{
    std::string quoted = "\"";
    if (!text.empty() && formula_starts.find(text.front()) != std::string_view::npos)
        quoted += '\'';
    for (char const c : text)
        quoted += c == '"' ? std::string{"\"\""} : std::string{c};
    return quoted + '"';
}

std::string row(std::initializer_list<std::string> cells)
{
    std::string line;
    for (auto const& one : cells)
        line += (line.empty() ? "" : ";") + cell(one);
    return line + "\r\n";
}

std::string say(TextKey key)
{
    return text(Language::french, key);
}

std::string state_of(Line const& line)
{
    switch (line.state) {
    case State::answered:
        return say(TextKey::conformity_state_answered);
    case State::partial:
        return say(TextKey::conformity_state_partial);
    case State::coming:
        return say(TextKey::conformity_state_coming);
    }
    assertion_failed("State", __FILE__, __LINE__);
}

std::string settings_of(Line const& line)
{
    std::string all;
    for (auto const& one : line.settings) {
        all += (all.empty() ? "" : "\n") + one.key + " = " + one.value;
        if (!one.ok)
            all += " " + text(Language::french, TextKey::conformity_short, {{"asked", one.asked}});
    }
    return all;
}

std::string proofs_of(Line const& line)
{
    std::string all;
    for (auto const& proof : line.proofs)
        all += (all.empty() ? "" : "\n") + proof;
    return all;
}

} // namespace

std::string in_csv(std::vector<Line> const& sheet)
{
    std::string csv{byte_order_mark};
    csv += row(
        {say(TextKey::conformity_column_clause),
         say(TextKey::conformity_column_title),
         say(TextKey::conformity_column_state),
         say(TextKey::conformity_column_answer),
         say(TextKey::conformity_column_settings),
         say(TextKey::conformity_column_page),
         say(TextKey::conformity_column_proofs)}
    );
    for (auto const& line : sheet)
        csv += row(
            {line.clause.id,
             line.clause.title,
             state_of(line),
             line.clause.answer,
             settings_of(line),
             line.clause.page,
             proofs_of(line)}
        );
    return csv;
}

} // namespace ecluse::conformity
