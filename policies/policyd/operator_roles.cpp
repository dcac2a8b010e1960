#include "common/json.h"
#include "common/text_keys.h"
#include "policies/core/roles.h"
#include "policies/policyd/auditor_limits.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/live.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/operator_session.h"
#include "policies/policyd/people_rules.h"
#include "policies/policyd/web_doors.h"

namespace ecluse::policyd {
namespace {

Fault not_yours_to_grant()
{
    return {"E-ROL-03", TextKey::operator_role_grant_text, {}, TextKey::operator_role_grant_remedy};
}

bool holds(store::Person const& person, std::string const& role)
{
    return std::find(person.roles.begin(), person.roles.end(), role) != person.roles.end();
}

Reply grant(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("person", id_bytes_max);
    auto const role = fields.text("role", id_bytes_max);
    auto const until = fields.optional_text("until", id_bytes_max);
    auto const limits = fields.optional_texts("scope", scope_objects_max, scope_object_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const known = parse_role(role);
    if (!known) return bad_value("role", role);
    auto const person = ECLUSE_TRY(find_person(context, name));
    if (!person) return unknown(TextKey::operator_unknown_person, name);
    if (person->id == caller.person) return own_act();
    if (!may_grant(caller.roles, role)) return not_yours_to_grant();
    if (person->state == "archived") return wrong_state(person->state);
    if (is_hospital(*known) == person->vendor.has_value())
        return Fault{
            "E-ROL-02", TextKey::operator_role_side_text, {}, TextKey::operator_role_side_remedy};
    std::optional<std::int64_t> valid_to;
    if (until) {
        auto const at = parse_iso(*until);
        if (!at || at->time_since_epoch().count() <= seconds_now(context))
            return bad_value("until", *until);
        valid_to = at->time_since_epoch().count();
    }
    // CLAUSIER:O-12.3.7: an audit account is dated.
    if (role == "auditor" && !valid_to) return bad_value("until", "auditor");
    auto read = ECLUSE_TRY(read_limits(context, role, limits));
    if (auto* const refused = std::get_if<Fault>(&read)) return std::move(*refused);
    auto const& scope = std::get<std::optional<store::Scope>>(read);
    Roles roles{*known};
    for (auto const& held : person->roles)
        if (auto const one = parse_role(held)) roles.add(*one);
    if (conflict(roles)) {
        ECLUSE_TRY(record_act(
            context,
            caller,
            {.type = "role.conflict",
             .object = person->id,
             .details = {{"outcome", "E-ROL-01"}, {"role", role}}}
        ));
        return to_reply(ecluse::Fault::roles_conflict);
    }
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "role.granted",
         .object = person->id,
         .details =
             {{"role", role},
              {"until", until ? json::value(*until) : json::value(nullptr)},
              {"scope", scope ? json::value(store::to_json(*scope)) : json::value(nullptr)}}},
        [&]() -> Result<> {
            ECLUSE_TRY(store::grant_role(
                context.database, person->id, role, valid_to, caller.person, seconds_now(context)
            ));
            if (role != "auditor") return {};
            ECLUSE_TRY(store::set_auditor_scope(context.database, person->id, scope));
            // What was opened inside other limits is not kept open.
            if (!holds(*person, role)) return {};
            return operator_session::end_all_of(context, person->id);
        }
    ));
    return json::object{{"login", person->login}, {"role", role}};
}

Reply revoke(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("person", id_bytes_max);
    auto const role = fields.text("role", id_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const person = ECLUSE_TRY(find_person(context, name));
    if (!person) return unknown(TextKey::operator_unknown_person, name);
    if (person->id == caller.person) return own_act();
    if (!may_grant(caller.roles, role)) return not_yours_to_grant();
    if (!holds(*person, role)) return unknown(TextKey::operator_unknown_role, role);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "role.revoked",
         .object = person->id,
         .details = {{"role", role}, {"reason", why}}},
        [&]() -> Result<> {
            ECLUSE_TRY(store::revoke_role(context.database, person->id, role));
            // What an auditor has on the screen goes too.
            if (role == "auditor") ECLUSE_TRY(operator_session::end_all_of(context, person->id));
            return {};
        }
    ));
    context.web.recheck();
    // The next request of an open login already sees the roles that are left; a session that the
    // role allowed ends now.
    if (role == "technician") {
        auto ending = endings::revoked();
        ending.by = caller.person;
        ending.comment = why;
        context.live.revoke_person(person->id, ending);
    }
    return json::object{{"login", person->login}, {"role", role}};
}

} // namespace

void add_role_requests(RequestTable& table, Context& context)
{
    std::vector<std::string> const granters{"dsi", "rssi", "platform_admin"};
    add_request(table, context, "role.grant", {granters}, &grant);
    add_request(table, context, "role.revoke", {granters}, &revoke);
}

} // namespace ecluse::policyd
