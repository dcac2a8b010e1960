#include "common/json.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/role.h"

namespace ecluse::policyd {
namespace {

std::string_view to_word(Access access)
{
    switch (access) {
    case Access::anyone:
        return "anyone";
    case Access::logged_in:
        return "logged_in";
    case Access::roles:
        return "roles";
    }
    assertion_failed("Access", __FILE__, __LINE__);
}

/// The table itself, so that documentation and tests read what is enforced.
Reply show_roles(RequestTable const& table, Request const& request)
{
    if (!request.fields.empty()) return Reply::violation("help.roles: fields");
    json::array rows;
    for (auto const& [name, row] : table.rows())
        rows.push_back(json::object{
            {"request", name},
            {"access", to_word(row.access)},
            {"roles", json::array(row.roles.begin(), row.roles.end())},
            {"signs", row.signs},
            {"limited_auditor", row.limited_auditor}});
    return document({{"rows", std::move(rows)}, {"more", false}});
}

} // namespace

void add_operator_requests(RequestTable& table, Context& context)
{
    add_setup_requests(table, context);
    add_person_requests(table, context);
    add_person_creations(table, context);
    add_role_requests(table, context);
    add_enrolment_requests(table, context);
    add_credential_requests(table, context);
    add_passkey_requests(table, context);
    add_vendor_requests(table, context);
    add_source_requests(table, context);
    add_asset_requests(table, context);
    add_account_requests(table, context);
    add_window_requests(table, context);
    add_window_decisions(table, context);
    add_escort_requests(table, context);
    add_emergency_requests(table, context);
    add_oncall_requests(table, context);
    add_review_requests(table, context);
    add_extension_requests(table, context);
    add_gateway_requests(table, context);
    add_session_requests(table, context);
    add_watch_requests(table, context);
    add_charter_requests(table, context);
    add_report_requests(table, context);
    add_report_draft_requests(table, context);
    add_recording_requests(table, context);
    add_replay_requests(table, context);
    add_search_requests(table, context);
    add_evidence_requests(table, context);
    add_hold_requests(table, context);
    add_audit_requests(table, context);
    add_journal_requests(table, context);
    add_refusal_requests(table, context);
    add_system_requests(table, context);
    add_conformity_requests(table, context);
    add_explain_requests(table, context);
    add_secret_requests(table, context);
    add_certificate_requests(table, context);
    add_ticket_requests(table, context);
    add_token_requests(table, context);
    add_terminal_requests(table, context);
    table.add(
        "help.roles",
        {.handler = [&table](Caller const&, Request& request, Answer const&) -> Reply {
             return show_roles(table, request);
         },
         .access = Access::anyone}
    );
}

} // namespace ecluse::policyd
