#include "policies/report/audit_minutes.h"

#include "common/json.h"
#include "common/text_keys.h"
#include "policies/report/words.h"

#include <algorithm>

namespace ecluse::report {
namespace {

constexpr std::size_t rows_max = 500;
constexpr std::size_t text_bytes_max = 16 * 1024;

/// What is no text or number is nothing; the minutes are our own, and signed.
std::string field(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    if (!value || value->is_null()) return "–";
    if (value->is_string())
        return shown(std::string_view{value->get_string()}.substr(0, text_bytes_max));
    return shown(json::serialize(*value));
}

Result<std::string> moment(Words const& w, json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    if (!value || !value->is_string()) return Error{Errc::malformed, "no moment"};
    return w.instant(ECLUSE_TRY(parse_iso(value->get_string())));
}

std::string how_many(Words const& w, json::object const& minutes)
{
    auto const size = field(minutes, "size");
    if (size != "–") return w.say(TextKey::audit_minutes_size, {{"n", size}});
    return w.say(TextKey::audit_minutes_share, {{"n", field(minutes, "share")}});
}

Result<Details> summary(Words const& w, json::object const& minutes, json::array const& rows)
{
    auto const deviations = std::count_if(rows.begin(), rows.end(), [](json::value const& row) {
        return row.is_object() && field(row.get_object(), "outcome") == "deviation";
    });
    Details details;
    auto& lines = details.rows;
    lines.emplace_back(
        w.say(TextKey::audit_minutes_period),
        w.say(
            TextKey::audit_minutes_from_to,
            {{"from", ECLUSE_TRY(moment(w, minutes, "from_at"))},
             {"until", ECLUSE_TRY(moment(w, minutes, "until_at"))}}
        )
    );
    lines.emplace_back(w.say(TextKey::audit_minutes_vendor), field(minutes, "vendor"));
    lines.emplace_back(w.say(TextKey::audit_minutes_asset), field(minutes, "asset"));
    lines.emplace_back(w.say(TextKey::audit_minutes_population), field(minutes, "population"));
    lines.emplace_back(
        w.say(TextKey::audit_minutes_drawn), w.count(static_cast<std::int64_t>(rows.size()))
    );
    lines.emplace_back(w.say(TextKey::audit_minutes_asked), how_many(w, minutes));
    lines.emplace_back(w.say(TextKey::audit_minutes_deviations), w.count(deviations));
    lines.emplace_back(
        w.say(TextKey::audit_minutes_drawn_by),
        field(minutes, "drawn_by_name") + ", " + ECLUSE_TRY(moment(w, minutes, "drawn_at"))
    );
    lines.emplace_back(
        w.say(TextKey::audit_minutes_signed_by),
        field(minutes, "signed_by") + ", " + ECLUSE_TRY(moment(w, minutes, "signed_at")) + ", " +
            w.factors({field(minutes, "factors")})
    );
    lines.emplace_back(w.say(TextKey::audit_minutes_seed), field(minutes, "seed"), true);
    lines.emplace_back(
        w.say(TextKey::audit_minutes_digest), field(minutes, "population_sha256"), true
    );
    return details;
}

/// "Enregistrement : conforme" for each point.
std::string findings(Words const& w, json::object const& row)
{
    std::string lines;
    auto const* const checks = row.if_contains("checks");
    if (!checks || !checks->is_object()) return lines;
    for (auto const& [point, word] : checks->get_object()) {
        auto const name = find_text("audit.point." + std::string{point});
        auto const* const code = word.if_string();
        auto const found = code ? find_text("audit.check." + std::string{*code}) : std::nullopt;
        lines += (lines.empty() ? "" : "\n") + (name ? w.say(*name) : shown(point)) + " : " +
                 (found ? w.say(*found) : shown(json::serialize(word)));
    }
    if (auto const comment = field(row, "comment"); comment != "–") lines += "\n" + comment;
    return lines;
}

Result<std::vector<Cell>> row_of(Words const& w, json::object const& row)
{
    auto const why = find_text("audit.why." + field(row, "why"));
    auto const outcome = find_text("audit.outcome." + field(row, "outcome"));
    auto session = field(row, "session") + "\n" + ECLUSE_TRY(moment(w, row, "started_at"));
    if (why) session += "\n" + w.say(*why);
    auto facts = field(row, "person") + ", " + field(row, "vendor") + "\n" + field(row, "asset") +
                 ", " + field(row, "source") + "\n" +
                 w.say(
                     TextKey::audit_minutes_looked,
                     {{"opened", field(row, "opened")}, {"verified", field(row, "verified")}}
                 );
    auto found = (outcome ? w.say(*outcome) : field(row, "outcome")) + "\n" + findings(w, row);
    return std::vector<Cell>{{std::move(session)}, {std::move(facts)}, {std::move(found)}};
}

} // namespace

Result<AuditMinutes> read_audit_minutes(std::string const& text)
{
    Words const w{Language::french};
    auto const minutes = ECLUSE_TRY(parse_object(text));
    auto const* const rows = minutes.if_contains("rows");
    auto const* const at = minutes.if_contains("signed_at");
    if (!rows || !rows->is_array() || rows->get_array().size() > rows_max || !at ||
        !at->is_string())
        return Error{Errc::malformed, "no minutes of an audit"};
    AuditMinutes read{};
    read.signed_at = ECLUSE_TRY(parse_iso(at->get_string()));
    auto& document = read.document;
    document.language = Language::french;
    document.title = w.say(TextKey::audit_minutes_title);
    document.subtitle = w.say(TextKey::audit_minutes_subtitle);
    document.site = field(minutes, "site");
    document.number = field(minutes, "audit");
    document.page_label = w.say(TextKey::report_page, {{"page", "{page}"}, {"count", "{count}"}});
    document.status = w.say(TextKey::audit_minutes_status, {{"at", w.instant(read.signed_at)}});
    document.summary = ECLUSE_TRY(summary(w, minutes, rows->get_array()));
    document.blocks.emplace_back(Heading{1, w.say(TextKey::audit_minutes_conclusion)});
    document.blocks.emplace_back(Paragraph{field(minutes, "conclusion")});
    document.blocks.emplace_back(Heading{1, w.say(TextKey::audit_minutes_sessions)});
    Table table{w.say(TextKey::audit_minutes_sessions), {}, {}};
    table.columns = {
        {w.say(TextKey::audit_minutes_column_session), 32},
        {w.say(TextKey::audit_minutes_column_facts), 31},
        {w.say(TextKey::audit_minutes_column_found), 37}};
    for (auto const& row : rows->get_array()) {
        if (!row.is_object()) return Error{Errc::malformed, "a row is no object"};
        table.rows.push_back(ECLUSE_TRY(row_of(w, row.get_object())));
    }
    document.blocks.emplace_back(std::move(table));
    document.blocks.emplace_back(Paragraph{
        w.say(TextKey::audit_minutes_redraw), Paragraph::Tone::muted});
    return read;
}

} // namespace ecluse::report
