#include "policies/report/answer_sheet.h"

#include "common/json.h"
#include "common/text_keys.h"
#include "policies/report/words.h"

#include <algorithm>

namespace ecluse::report {
namespace {

constexpr std::size_t rows_max = 1000;
constexpr std::size_t text_bytes_max = 16 * 1024;

struct Answer {
    std::string clause, title, answer, state, page;
    bool weakened = false;
    std::string settings; // one a line, with what is asked where it falls short
    std::size_t proofs = 0;
};

Result<std::string> read_setting(json::value const& value, Words const& w)
{
    auto const* const object = value.if_object();
    if (!object) return Error{Errc::malformed, "a setting is no object"};
    Fields fields{*object};
    auto line = fields.text("key") + " = " + shown(fields.text("value", text_bytes_max));
    auto const asked = fields.text("asked");
    if (!fields.flag("ok")) line += " " + w.say(TextKey::conformity_short, {{"asked", asked}});
    if (auto const done = fields.finish(); !done) return done.error();
    return line;
}

Result<Answer> read_answer(json::value const& value, Words const& w)
{
    auto const* const object = value.if_object();
    if (!object) return Error{Errc::malformed, "a row is no object"};
    Fields fields{*object};
    Answer answer;
    answer.clause = fields.text("clause");
    answer.title = fields.text("title");
    answer.answer = fields.text("answer", text_bytes_max);
    answer.state = fields.text("state");
    answer.page = fields.text("page");
    answer.weakened = fields.flag("weakened");
    answer.proofs = fields.texts("proofs").size();
    auto const settings = fields.array("settings");
    if (auto const done = fields.finish(); !done) return done.error();
    for (auto const& setting : settings)
        answer.settings +=
            (answer.settings.empty() ? "" : "\n") + ECLUSE_TRY(read_setting(setting, w));
    return answer;
}

/// "CLAUSIER" of "CLAUSIER:O-9.13": each text has a part of its own.
std::string family(Answer const& answer)
{
    return answer.clause.substr(0, answer.clause.find(':'));
}

std::string state_word(Words const& w, std::string const& state)
{
    auto const key = find_text("conformity.state." + state);
    return key ? w.say(*key) : shown(state);
}

Table blank_table(Words const& w, std::string const& name)
{
    Table table{w.say(TextKey::conformity_table, {{"family", name}}), {}, {}};
    table.columns = {
        {w.say(TextKey::conformity_column_clause), 25},
        {w.say(TextKey::conformity_column_state), 11},
        {w.say(TextKey::conformity_column_answer), 64}};
    return table;
}

std::vector<Cell> row(Words const& w, Answer const& answer)
{
    auto text = answer.answer + "\n" +
                w.say(
                    TextKey::conformity_see,
                    {{"page", answer.page}, {"proofs", std::to_string(answer.proofs)}}
                );
    auto state = state_word(w, answer.state);
    if (answer.weakened) state += "\n" + w.say(TextKey::conformity_weakened);
    return {
        {answer.clause + "\n" + answer.title}, {std::move(state)}, {text, answer.settings, true}};
}

Details summary(Words const& w, std::vector<Answer> const& answers)
{
    Details details;
    details.rows.emplace_back(
        w.say(TextKey::conformity_label_clauses), std::to_string(answers.size())
    );
    for (auto const* const state : {"answered", "partial", "coming"}) {
        auto const count = std::count_if(answers.begin(), answers.end(), [&](auto const& one) {
            return one.state == state;
        });
        details.rows.emplace_back(state_word(w, state), std::to_string(count));
    }
    auto const weakened =
        std::count_if(answers.begin(), answers.end(), [](auto const& one) { return one.weakened; });
    details.rows.emplace_back(w.say(TextKey::conformity_label_weakened), std::to_string(weakened));
    return details;
}

void write_blocks(Document& document, Words const& w, std::vector<Answer> const& answers)
{
    document.blocks.emplace_back(Paragraph{w.say(TextKey::conformity_lead), Paragraph::Tone::muted}
    );
    std::string last;
    for (auto const& answer : answers) {
        if (family(answer) != last) {
            last = family(answer);
            document.blocks.emplace_back(Heading{1, last});
            document.blocks.emplace_back(blank_table(w, last));
        }
        std::get<Table>(document.blocks.back()).rows.push_back(row(w, answer));
    }
}

} // namespace

Result<AnswerSheet> read_answer_sheet(std::string const& text)
{
    Words const w{Language::french};
    auto const object = ECLUSE_TRY(parse_object(text));
    Fields fields{object};
    auto const site = fields.text("site");
    auto const version = fields.text("version", 32);
    auto const made = parse_iso(fields.text("made", 32));
    auto const rows = fields.array("rows", rows_max);
    if (auto const done = fields.finish(); !done) return done.error();
    std::vector<Answer> answers;
    for (auto const& one : rows)
        answers.push_back(ECLUSE_TRY(read_answer(one, w)));
    AnswerSheet sheet{};
    sheet.made = ECLUSE_TRY(made);
    auto& document = sheet.document;
    document.language = Language::french;
    document.title = w.say(TextKey::conformity_title);
    document.subtitle = w.say(TextKey::conformity_subtitle);
    document.site = shown(site);
    document.number = w.say(TextKey::conformity_number, {{"version", shown(version)}});
    document.page_label = w.say(TextKey::report_page, {{"page", "{page}"}, {"count", "{count}"}});
    document.status = w.say(TextKey::conformity_made, {{"at", w.instant(sheet.made)}});
    document.summary = summary(w, answers);
    write_blocks(document, w, answers);
    return sheet;
}

} // namespace ecluse::report
