#include "policies/policyd/report_events.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/text.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/policyd/boxes.h"
#include "policies/policyd/context.h"
#include "policies/store/database.h"
#include "policies/vault/vault.h"

namespace ecluse::policyd {
namespace {

/// Lines printed per session and kind; a reader wants the shape of the work, not a second log.
constexpr std::size_t lines_max = 500;

std::string text_of(json::object const& event, std::string_view name)
{
    auto const* const value = event.if_contains(name);
    return value && value->is_string() ? printable(value->get_string(), 4096) : std::string{};
}

std::optional<std::int64_t> number_of(json::object const& event, std::string_view name)
{
    auto const* const value = event.if_contains(name);
    if (!value || !value->is_int64()) return std::nullopt;
    return value->get_int64();
}

template <class Line> void keep(std::vector<Line>& lines, std::int64_t& omitted, Line line)
{
    if (lines.size() < lines_max)
        lines.push_back(std::move(line));
    else
        ++omitted;
}

report::Transfer transfer(UtcTime at, json::object const& event)
{
    report::Transfer moved;
    moved.at = at;
    moved.name = text_of(event, "name");
    moved.direction = text_of(event, "direction");
    moved.bytes = number_of(event, "bytes").value_or(0);
    if (auto hash = text_of(event, "sha256"); !hash.empty()) moved.sha256 = std::move(hash);
    auto const* const complete = event.if_contains("complete");
    moved.complete = complete && complete->is_bool() && complete->get_bool();
    moved.scan = "not_scanned";
    return moved;
}

/// Text over the clipboard is told beside the files: it left, or came, just as much.
report::Transfer pasted(UtcTime at, json::object const& event, Language language)
{
    bool const in = text_of(event, "direction") == "in";
    auto moved = transfer(at, event);
    moved.name = text(
        language,
        in ? TextKey::report_function_clipboard_in : TextKey::report_function_clipboard_out
    );
    moved.direction = in ? "up" : "down";
    moved.complete = true;
    return moved;
}

void file_event(
    report::Session& session,
    UtcTime at,
    std::string const& type,
    json::object const& event,
    Language language
)
{
    if (type == "command.exec")
        keep(
            session.commands,
            session.commands_omitted,
            report::Command{at, text_of(event, "command"), number_of(event, "exit")}
        );
    else if (type == "transfer.up" || type == "transfer.down")
        keep(session.transfers, session.transfers_omitted, transfer(at, event));
    else if (type == "clipboard.in" || type == "clipboard.out")
        keep(session.transfers, session.transfers_omitted, pasted(at, event, language));
    else if (type == "transfer.file") {
        auto what = text_of(event, "operation") + " " + text_of(event, "name");
        if (auto const to = text_of(event, "to"); !to.empty()) what += " → " + to;
        keep(
            session.commands,
            session.commands_omitted,
            report::Command{at, what, number_of(event, "outcome")}
        );
    } else if (type == "session.forward_refused" || type == "session.function_refused") {
        auto const detail = text_of(event, "what") + " " + text_of(event, "detail");
        // The report's word is the event's own: "forward_refused".
        auto const what = type.substr(type.find('.') + 1);
        keep(session.alerts, session.alerts_omitted, report::Alert{at, what, detail});
    }
}

} // namespace

Result<> load_session_events(Context& context, report::Session& session)
{
    auto const language = parse_language(context.config.site.language).value_or(Language::french);
    std::int64_t after = -1;
    for (;;) {
        // Pages, because a busy session has more events than one answer may hold.
        auto const rows = ECLUSE_TRY(context.database.rows(
            "SELECT rowid AS place, at_ms, type, detail_sealed FROM session_event "
            "WHERE session = $1 AND rowid > $2 ORDER BY rowid LIMIT 1000",
            {session.id, after}
        ));
        for (auto const& row : rows) {
            after = row.number("place");
            auto const opened = ECLUSE_TRY(
                context.vault.open_box(box::session_event(session.id), row.blob("detail_sealed"))
            );
            auto const event = ECLUSE_TRY(parse_object(opened.reveal()));
            auto const at = to_seconds(UtcMillis{std::chrono::milliseconds{row.number("at_ms")}});
            file_event(session, at, row.text("type"), event, language);
        }
        if (rows.size() < 1000) return {};
    }
}

std::vector<std::string> gap_sentences(std::string const& gaps)
{
    std::vector<std::string> sentences;
    boost::system::error_code ec;
    auto const list = json::parse(gaps, ec);
    if (ec || !list.is_array()) return sentences;
    for (auto const& gap : list.get_array())
        sentences.push_back(
            gap.is_string() ? printable(gap.get_string()) : printable(json::serialize(gap))
        );
    return sentences;
}

} // namespace ecluse::policyd
