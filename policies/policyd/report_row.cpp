#include "policies/policyd/report_row.h"

#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/role.h"
#include "policies/store/database.h"
#include "policies/store/windows.h"

namespace ecluse::policyd {
namespace {

UtcTime seconds(std::int64_t at)
{
    return UtcTime{std::chrono::seconds{at}};
}

Fault not_found()
{
    return {
        "E-RAP-00", TextKey::error_report_unknown_text, {}, TextKey::error_report_unknown_remedy};
}

/// Hospital roles see every report; a vendor's people see their own company's, and nobody learns
/// that another exists (WEB:AA2).
Result<bool> may_see(Database& database, ReportRow const& report, Caller const& caller)
{
    if (caller.scope) {
        auto const window = ECLUSE_TRY(store::find_window(database, report.window));
        return window && store::whole_window_is_in(caller.scope, *window);
    }
    for (auto const* const role : {"dsi", "rssi", "auditor", "escort"})
        if (caller.has_role(role)) return true;
    auto const row = ECLUSE_TRY(database.row(
        "SELECT 1 AS found FROM person WHERE id = $1 AND vendor = $2",
        {caller.person, report.vendor}
    ));
    return row.has_value();
}

} // namespace

Result<std::optional<ReportRow>> find_report(Database& database, std::string const& id)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT r.id, r.access_window, w.vendor, r.state, r.due_at, v.version, v.submitted_at "
        "FROM report r JOIN access_window w ON w.id = r.access_window "
        "LEFT JOIN report_version v ON v.report = r.id AND v.version = "
        "(SELECT MAX(version) FROM report_version WHERE report = r.id) "
        "WHERE r.id = $1 OR r.access_window = $1",
        {id}
    ));
    if (!row) return std::optional<ReportRow>{};
    auto const state = parse_report_state(row->text("state"));
    if (!state) return Error{Errc::corrupt, "report: unknown state"};
    ReportRow report{row->text("id"), row->text("access_window"), row->text("vendor"), {}, 0};
    report.times.state = *state;
    report.times.deadline = seconds(row->number("due_at"));
    if (auto const at = row->optional_number("submitted_at"))
        report.times.submitted_at = seconds(*at);
    report.version = row->optional_number("version").value_or(0);
    return std::optional{report};
}

Result<bool> works_in(Database& database, std::string const& window, std::string const& person)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT 1 AS found FROM window_person WHERE window = $1 AND person = $2", {window, person}
    ));
    return row.has_value();
}

Roles roles_of(Caller const& caller)
{
    Roles roles;
    for (auto const& name : caller.roles)
        if (auto const role = parse_role(name)) roles.add(*role);
    return roles;
}

json::object acted(Caller const& caller, ReportRow const& report, std::string_view outcome)
{
    json::object event{
        {"actor", caller.person},
        {"source", caller.address},
        {"object", report.id},
        {"window", report.window},
        {"outcome", outcome}};
    name_token(event, caller);
    return event;
}

std::variant<ReportRow, Reply>
visible_report(Context& context, Caller const& caller, Request& request, Fields& fields)
{
    auto const id = fields.text("report", 64);
    if (auto const done = fields.finish(); !done)
        return Reply::violation(request.name + ": " + done.error().what);
    auto const report = find_report(context.database, id);
    if (!report) return Reply{report.error()};
    if (!*report) return Reply{not_found()};
    auto const seen = may_see(context.database, **report, caller);
    if (!seen) return Reply{seen.error()};
    if (!*seen) return Reply{not_found()};
    return **report;
}

} // namespace ecluse::policyd
