#include "common/json.h"
#include "common/paris_time.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/conformity/sheet.h"
#include "policies/policyd/audits.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/report_document.h"
#include "policies/policyd/role.h"

/// The answer sheet of the clauses, judged by the settings that this process runs with (R6).
namespace ecluse::policyd {
namespace {

/// Whether the audits of the traces are signed in time, in the sheet's own French.
Result<conformity::Setting> audits_now(Context& context)
{
    auto const due = ECLUSE_TRY(audit_due(context));
    auto const& standing = due.standing;
    auto const at = [](UtcTime moment) { return format_moment(moment, Language::french); };
    auto value = standing.last_signed
                     ? text(
                           Language::french,
                           TextKey::conformity_audit_last,
                           {{"at", at(UtcTime{std::chrono::seconds{*standing.last_signed}})}}
                       )
                     : text(Language::french, TextKey::conformity_audit_none);
    value += " " + text(
                       Language::french,
                       TextKey::conformity_audit_covered,
                       {{"audited", std::to_string(standing.audited)},
                        {"sessions", std::to_string(standing.sessions)}}
                   );
    std::string asked;
    if (due.next)
        asked = text(Language::french, TextKey::conformity_audit_asked, {{"at", at(*due.next)}});
    return conformity::Setting{"audits.signed", std::move(value), std::move(asked), !due.is_due};
}

Result<std::vector<conformity::Line>> sheet_now(Context& context)
{
    auto sheet = ECLUSE_TRY(conformity::answer_sheet(context.config));
    conformity::add_fact(sheet, "HDS:EXI-19", ECLUSE_TRY(audits_now(context)));
    return sheet;
}

Reply show(Context& context, Caller const&, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("conformity.show: fields");
    return rows_reply(conformity::in_json(ECLUSE_TRY(sheet_now(context))));
}

std::string document_of(Context& context, std::vector<conformity::Line> const& sheet)
{
    return json::serialize(json::object{
        {"site", context.config.site.name},
        {"version", ECLUSE_VERSION},
        {"made", to_iso(to_seconds(context.clock.utc_now()))},
        {"rows", conformity::in_json(sheet)}});
}

Reply send_out(Context& context, Caller const& caller, Request& request, Answer const& answer)
{
    Fields fields{request.fields};
    auto const format = fields.text("format", 8);
    if (format != "csv" && format != "pdf") fields.fault("format", "csv or pdf");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const sheet = ECLUSE_TRY(sheet_now(context));
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "conformity.exported", .object = "conformity", .details = {{"format", format}}}
    ));
    json::object const said{
        {"file", "ecluse-conformite"}, {"format", format}, {"clauses", sheet.size()}};
    auto const deliver = [said](Fd file) {
        std::vector<Fd> files;
        files.push_back(std::move(file));
        return Reply{said, std::move(files)};
    };
    if (format == "csv")
        return deliver(ECLUSE_TRY(memory_file("conformity", conformity::in_csv(sheet))));
    render_answer_sheet(context, document_of(context, sheet), [answer, deliver](Result<Fd> pdf) {
        answer.complete(pdf ? deliver(std::move(*pdf)) : Reply{pdf.error()});
    });
    return Reply::later();
}

} // namespace

void add_conformity_requests(RequestTable& table, Context& context)
{
    std::vector<std::string> const readers{"dsi", "rssi", "auditor"};
    add_request(table, context, "conformity.show", {readers}, &show);
    add_request(table, context, "conformity.export", {readers}, &send_out);
}

} // namespace ecluse::policyd
