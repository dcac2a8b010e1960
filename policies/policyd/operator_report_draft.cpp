#include "common/json.h"
#include "common/packet.h"
#include "common/text_keys.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/report_facts.h"
#include "policies/policyd/report_row.h"
#include "policies/report/facts.h"
#include "policies/store/database.h"

/// A report that is being written: what the page holds survives a lost session (CHM:8.19).
namespace ecluse::policyd {
namespace {

/// With its envelope in one packet.
constexpr std::size_t draft_bytes_max = 56 * 1024;

bool is_writable(ReportRow const& report)
{
    return report.times.state == ReportState::due || report.times.state == ReportState::draft ||
           report.times.state == ReportState::returned;
}

Reply save(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const form = fields.object("form");
    auto found = visible_report(context, caller, request, fields);
    if (auto* const reply = std::get_if<Reply>(&found)) return std::move(*reply);
    auto const& report = std::get<ReportRow>(found);
    if (!is_writable(report)) return wrong_state(to_code(report.times.state));
    auto const text = json::serialize(form);
    if (text.size() > draft_bytes_max) return bad_value("form", std::to_string(draft_bytes_max));
    auto const at = context.clock.utc_now();
    auto const write = [&]() -> Result<> {
        ECLUSE_TRY(context.database.run(
            "INSERT INTO report_draft (report, form, saved_by, saved_at) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (report) DO UPDATE SET form = excluded.form, saved_by = "
            "excluded.saved_by, saved_at = excluded.saved_at",
            {report.id, text, caller.person, to_seconds(at).time_since_epoch().count()}
        ));
        return {};
    };
    auto const held = ECLUSE_TRY(
        context.database.row("SELECT saved_by FROM report_draft WHERE report = $1", {report.id})
    );
    // A page saves every few seconds: who writes is an event, each keystroke is not.
    if (held && held->text("saved_by") == caller.person)
        ECLUSE_TRY(write());
    else
        ECLUSE_TRY(
            context.journal.record(at, "report.drafted", acted(caller, report, "success"), write)
        );
    return json::object{{"report", report.id}, {"saved_at", to_iso(to_seconds(at))}};
}

Reply show(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto found = visible_report(context, caller, request, fields);
    if (auto* const reply = std::get_if<Reply>(&found)) return std::move(*reply);
    auto const& report = std::get<ReportRow>(found);
    auto const facts = ECLUSE_TRY(
        load_report_facts(context, report.id, report.version + 1, context.clock.utc_now())
    );
    auto const held = ECLUSE_TRY(context.database.row(
        "SELECT form, saved_at FROM report_draft WHERE report = $1", {report.id}
    ));
    json::object said{
        {"report", report.id},
        {"state", to_code(report.times.state)},
        {"writable", is_writable(report)},
        {"due_at", to_iso(report.times.deadline)}};
    std::vector<Fd> files;
    files.push_back(ECLUSE_TRY(memory_file("facts", report::canonical_facts(facts))));
    if (held) {
        said["saved_at"] = to_iso(UtcTime{std::chrono::seconds{held->number("saved_at")}});
        files.push_back(ECLUSE_TRY(memory_file("draft", held->text("form"))));
        return Reply{std::move(said), std::move(files)};
    }
    // Sent back: what was signed then is where the correction begins.
    auto const signed_form = ECLUSE_TRY(context.database.row(
        "SELECT form, comment FROM report_version WHERE report = $1 AND version = $2",
        {report.id, report.version}
    ));
    if (signed_form) {
        files.push_back(ECLUSE_TRY(memory_file("draft", signed_form->text("form"))));
        if (auto const comment = signed_form->optional_text("comment")) said["comment"] = *comment;
    }
    return Reply{std::move(said), std::move(files)};
}

} // namespace

void add_report_draft_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "report.draft", {{"technician"}}, &save);
    add_request(table, context, "report.draft_show", {{"technician"}}, &show);
}

} // namespace ecluse::policyd
