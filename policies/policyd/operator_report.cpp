#include "common/json.h"
#include "common/packet.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/core/report_rules.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/report_document.h"
#include "policies/policyd/report_facts.h"
#include "policies/policyd/report_row.h"
#include "policies/policyd/role.h"
#include "policies/report/form.h"
#include "policies/store/database.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

UtcTime seconds(std::int64_t at)
{
    return UtcTime{std::chrono::seconds{at}};
}

Reply list(Context& context, Caller const& caller, Request& request)
{
    Fields fields{request.fields};
    auto const state = fields.optional_text("state", 32);
    auto const late = fields.flag("late", false);
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    bool const everything = caller.has_role("dsi") || caller.has_role("rssi") ||
                            caller.has_role("auditor") || caller.has_role("escort");
    auto const now = context.clock.decision_now();
    store::Paged list{
        "SELECT r.id, r.state, r.access_window, r.due_at, v.name, r.due_at AS page_key, r.id AS "
        "page_id FROM report r JOIN access_window w ON w.id = r.access_window "
        "JOIN vendor v ON v.id = w.vendor",
        {"r.due_at", "r.id"}};
    if (!everything)
        list.where("w.vendor = (SELECT vendor FROM person WHERE id = ?)", caller.person);
    store::limit_to_whole_windows(list, caller.scope);
    list.where_if(state, "r.state = ?");
    // As is_overdue() says of each below.
    if (late)
        list.where("r.state IN ('due', 'draft', 'returned')")
            .where("r.due_at < ?", now.time_since_epoch().count());
    return rows_reply(list.rows(context.database, after), [now](Row const& row) {
        ReportTimes times;
        times.state = parse_report_state(row.text("state")).value_or(ReportState::due);
        times.deadline = seconds(row.number("due_at"));
        return json::object{
            {"report", row.text("id")},
            {"state", row.text("state")},
            {"window", row.text("access_window")},
            {"vendor", row.text("name")},
            {"due_at", to_iso(times.deadline)},
            {"late", is_overdue(times, now)}};
    });
}

/// What a page holds of a report, when every question has its answer; otherwise empty.
Result<std::string> whole_draft(Database& database, std::string const& report)
{
    auto const held =
        ECLUSE_TRY(database.row("SELECT form FROM report_draft WHERE report = $1", {report}));
    if (!held) return std::string{};
    auto const parsed = report::parse_form_json(held->text("form"));
    auto const* const form = std::get_if<report::Form>(&parsed);
    if (!form || form->report != report) return std::string{};
    return report::canonical_form(*form);
}

/// Facts and form of a report: as signed when it was, from the tables of now when it was not.
struct Content {
    std::string facts, form;
    bool is_signed = false;
};

Result<Content> content_of(Context& context, ReportRow const& report)
{
    bool const submitted =
        report.times.state == ReportState::submitted || report.times.state == ReportState::accepted;
    if (!submitted) {
        auto const facts = ECLUSE_TRY(
            load_report_facts(context, report.id, report.version + 1, context.clock.utc_now())
        );
        return Content{report::canonical_facts(facts), "", false};
    }
    auto const row = ECLUSE_TRY(context.database.row(
        "SELECT facts, form FROM report_version WHERE report = $1 AND version = $2",
        {report.id, report.version}
    ));
    if (!row) return Error{Errc::corrupt, "report: signed version missing"};
    // The facts are those that were signed; the decision on them came afterwards and is added.
    auto facts = ECLUSE_TRY(report::parse_facts(row->text("facts")));
    auto const now =
        ECLUSE_TRY(load_report_facts(context, report.id, report.version, context.clock.utc_now()));
    facts.decisions = now.decisions;
    return Content{report::canonical_facts(facts), row->text("form"), true};
}

Reply show(Context& context, Caller const& caller, Request& request)
{
    Fields fields{request.fields};
    auto found = visible_report(context, caller, request, fields);
    if (auto* const reply = std::get_if<Reply>(&found)) return std::move(*reply);
    auto const& report = std::get<ReportRow>(found);
    auto const content = ECLUSE_TRY(content_of(context, report));
    ECLUSE_TRY(context.journal.record(
        context.clock.utc_now(), "report.viewed", acted(caller, report, "success")
    ));
    std::vector<Fd> files;
    files.push_back(ECLUSE_TRY(memory_file("facts", content.facts)));
    if (!content.form.empty()) files.push_back(ECLUSE_TRY(memory_file("form", content.form)));
    return Reply{
        json::object{
            {"report", report.id},
            {"state", to_code(report.times.state)},
            {"signed", content.is_signed},
            {"due_at", to_iso(report.times.deadline)}},
        std::move(files)};
}

Reply form(Context& context, Caller const& caller, Request& request)
{
    Fields fields{request.fields};
    auto found = visible_report(context, caller, request, fields);
    if (auto* const reply = std::get_if<Reply>(&found)) return std::move(*reply);
    auto const& report = std::get<ReportRow>(found);
    auto const facts = ECLUSE_TRY(
        load_report_facts(context, report.id, report.version + 1, context.clock.utc_now())
    );
    std::vector<Fd> files;
    files.push_back(ECLUSE_TRY(memory_file("form", report::blank_form(facts, caller.language))));
    return Reply{json::object{{"report", report.id}}, std::move(files)};
}

Fault form_faults(Caller const& caller, report::FormFaults const& faults)
{
    std::string list;
    for (auto const& fault : faults)
        list += "\n  – " + report::explain(caller.language, fault);
    return {
        "E-RAP-10",
        TextKey::error_report_form_text,
        {{"list", list}},
        TextKey::error_report_form_remedy};
}

/// A report needs its sessions over and their recordings sealed: what is signed must not change.
Result<bool> is_complete(Database& database, ReportRow const& report)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT COUNT(*) AS live FROM session WHERE access_window = $1 AND "
        "(ended_ms IS NULL OR recording = 'open')",
        {report.window}
    ));
    return row && row->number("live") == 0;
}

Reply submit(Context& context, Caller const& caller, Request& request)
{
    Fields fields{request.fields};
    auto const text = fields.text("form", packet_bytes_max);
    auto const format = fields.optional_text("format", 8).value_or("toml");
    if (format != "toml" && format != "json") fields.fault("format", "neither toml nor json");
    auto found = visible_report(context, caller, request, fields);
    if (auto* const reply = std::get_if<Reply>(&found)) return std::move(*reply);
    auto const& report = std::get<ReportRow>(found);

    auto parsed = format == "json" ? report::parse_form_json(text) : report::parse_form(text);
    if (auto const* const faults = std::get_if<report::FormFaults>(&parsed))
        return form_faults(caller, *faults);
    auto const& declared = std::get<report::Form>(parsed);
    if (declared.report != report.id)
        return Fault{
            "E-RAP-11", TextKey::error_report_other_text, {}, TextKey::error_report_other_remedy};
    if (!ECLUSE_TRY(is_complete(context.database, report)))
        return Fault{
            "E-RAP-12", TextKey::error_report_live_text, {}, TextKey::error_report_live_remedy};

    auto const now = context.clock.utc_now();
    ReportActor const actor{
        roles_of(caller), ECLUSE_TRY(works_in(context.database, report.window, caller.person))};
    auto const after =
        transition(report.times, {ReportAct::submit, false}, actor, context.clock.decision_now());
    if (auto const* const fault = std::get_if<ecluse::Fault>(&after)) return rule_fault(*fault);
    auto const version = report.version + 1;
    auto facts = ECLUSE_TRY(load_report_facts(context, report.id, version, now));
    auto event = acted(caller, report, "success");
    event["version"] = version;
    event["factors"] = caller.factors;
    ECLUSE_TRY(context.journal.record(now, "report.submitted", event, [&]() -> Result<> {
        // Conditional on the state that was judged: of two submissions at once, one finds it gone.
        auto const changed = ECLUSE_TRY(context.database.run(
            "UPDATE report SET state = 'submitted' WHERE id = $1 AND state = $2",
            {report.id, std::string{to_code(report.times.state)}}
        ));
        if (changed != 1) return Error{Errc::refused, "report: changed meanwhile"};
        ECLUSE_TRY(context.database.run(
            "INSERT INTO report_version (report, version, facts, form, submitted_by, "
            "submitted_at, factors) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            {report.id,
             version,
             report::canonical_facts(facts),
             report::canonical_form(declared),
             caller.person,
             to_seconds(now).time_since_epoch().count(),
             caller.factors}
        ));
        ECLUSE_TRY(context.database.run("DELETE FROM report_draft WHERE report = $1", {report.id}));
        return {};
    }));
    return json::object{{"report", report.id}, {"state", "submitted"}, {"version", version}};
}

Reply decide(Context& context, Caller const& caller, Request& request, ReportAct act)
{
    Fields fields{request.fields};
    auto const comment = fields.optional_text("comment", 4096);
    auto found = visible_report(context, caller, request, fields);
    if (auto* const reply = std::get_if<Reply>(&found)) return std::move(*reply);
    auto const& report = std::get<ReportRow>(found);
    auto const now = context.clock.utc_now();
    ReportActor const actor{
        roles_of(caller), ECLUSE_TRY(works_in(context.database, report.window, caller.person))};
    auto const result = transition(
        report.times, {act, comment && !comment->empty()}, actor, context.clock.decision_now()
    );
    if (auto const* const fault = std::get_if<ecluse::Fault>(&result)) return rule_fault(*fault);
    auto const& after = std::get<ReportTimes>(result);
    bool const accepted = act == ReportAct::accept;
    auto event = acted(caller, report, "success");
    if (comment) event["comment"] = *comment;
    auto const* const type = accepted ? "report.accepted" : "report.returned";
    ECLUSE_TRY(context.journal.record(now, type, event, [&]() -> Result<> {
        auto const changed = ECLUSE_TRY(context.database.run(
            "UPDATE report SET state = $2, due_at = $3 WHERE id = $1 AND state = $4",
            {report.id,
             std::string{to_code(after.state)},
             after.deadline.time_since_epoch().count(),
             std::string{to_code(report.times.state)}}
        ));
        if (changed != 1) return Error{Errc::refused, "report: changed meanwhile"};
        ECLUSE_TRY(context.database.run(
            "UPDATE report_version SET decision = $3, decided_by = $4, decided_at = $5, "
            "comment = $6 WHERE report = $1 AND version = $2",
            {report.id,
             report.version,
             std::string{accepted ? "accepted" : "returned"},
             caller.person,
             to_seconds(now).time_since_epoch().count(),
             nullable(comment)}
        ));
        return {};
    }));
    return json::object{{"report", report.id}, {"state", to_code(after.state)}};
}

Reply send_out(Context& context, Caller const& caller, Request& request, Answer const& answer)
{
    Fields fields{request.fields};
    auto const format = fields.text("format", 8);
    if (format != "pdf" && format != "json") fields.fault("format", "neither pdf nor json");
    auto found = visible_report(context, caller, request, fields);
    if (auto* const reply = std::get_if<Reply>(&found)) return std::move(*reply);
    auto const& report = std::get<ReportRow>(found);
    auto content = ECLUSE_TRY(content_of(context, report));
    // The technician sees the very document before signing it; the hospital only what was signed.
    if (!content.is_signed && caller.has_role("technician"))
        content.form = ECLUSE_TRY(whole_draft(context.database, report.id));
    auto event = acted(caller, report, "success");
    event["format"] = format;
    ECLUSE_TRY(context.journal.record(context.clock.utc_now(), "report.exported", event));
    json::object const said{
        {"report", report.id}, {"format", format}, {"signed", content.is_signed}};
    if (format == "json") {
        auto const form = content.form.empty() ? std::string{"null"} : content.form;
        std::vector<Fd> files;
        files.push_back(ECLUSE_TRY(
            memory_file("report", "{\"facts\":" + content.facts + ",\"form\":" + form + "}\n")
        ));
        return Reply{said, std::move(files)};
    }
    ReportDocument document{
        std::move(content.facts), std::move(content.form), caller.language, content.is_signed};
    render_report(context, std::move(document), [answer, said](Result<Fd> pdf) {
        if (!pdf) return answer.complete(pdf.error());
        std::vector<Fd> files;
        files.push_back(std::move(*pdf));
        answer.complete(Reply{said, std::move(files)});
    });
    return Reply::later();
}

} // namespace

void add_report_requests(RequestTable& table, Context& context)
{
    std::vector<std::string> const readers{
        "technician", "vendor_manager", "dsi", "rssi", "auditor", "escort"};
    auto const add = [&](char const* name, std::vector<std::string> roles, bool signs, auto handler
                     ) {
        table.add(
            name,
            {.handler = [&context, handler](
                            Caller const& caller, Request& request, Answer const& answer
                        ) -> Reply { return handler(context, caller, request, answer); },
             .roles = std::move(roles),
             .signs = signs,
             .limited_auditor = true}
        );
    };
    using C = Context;
    add("report.list", readers, false, [](C& c, auto& who, auto& asked, auto&) {
        return list(c, who, asked);
    });
    add("report.show", readers, false, [](C& c, auto& who, auto& asked, auto&) {
        return show(c, who, asked);
    });
    add("report.form", {"technician"}, false, [](C& c, auto& who, auto& asked, auto&) {
        return form(c, who, asked);
    });
    add("report.submit", {"technician"}, true, [](C& c, auto& who, auto& asked, auto&) {
        return submit(c, who, asked);
    });
    add("report.accept", {"dsi"}, false, [](C& c, auto& who, auto& asked, auto&) {
        return decide(c, who, asked, ReportAct::accept);
    });
    add("report.return", {"dsi"}, false, [](C& c, auto& who, auto& asked, auto&) {
        return decide(c, who, asked, ReportAct::send_back);
    });
    add("report.export", readers, false, [](C& c, auto& who, auto& asked, auto& answer) {
        return send_out(c, who, asked, answer);
    });
}

} // namespace ecluse::policyd
