#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/boxes.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/people_rules.h"
#include "policies/vault/vault.h"

#include <array>
#include <unistd.h>

/// The first three people. Only while nobody exists, and only from the account that runs policyd or
/// root: whoever holds that account holds the machine anyway. No default account ever.
namespace ecluse::policyd {
namespace {

struct First {
    char const* field;
    char const* role;
};
constexpr std::array<First, 3> first_people{
    {{"admin", "platform_admin"}, {"dsi", "dsi"}, {"rssi", "rssi"}}};

struct Named {
    std::string id, login, first, last, mail, role;
};

Result<> insert(Context& context, Named const& person)
{
    json::object const contact{{"mail", person.mail}};
    auto const now = seconds_now(context);
    ECLUSE_TRY(store::insert_person(
        context.database,
        {.id = person.id,
         .login = person.login,
         .first_name = person.first,
         .last_name = person.last,
         .vendor = {},
         .subcontractor = {},
         .language = "fr",
         .contact_sealed =
             context.vault.seal(box::person_contact(person.id), json::serialize(contact)),
         .created_by = "setup",
         .created_at = now}
    ));
    return store::grant_role(context.database, person.id, person.role, std::nullopt, "setup", now);
}

Reply people(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    std::vector<Named> named;
    for (auto const& [field, role] : first_people) {
        auto const object = fields.object(field);
        Fields one{object};
        named.push_back(
            {random_id('P'),
             one.text("login", id_bytes_max),
             one.text("first_name", name_bytes_max),
             one.text("last_name", name_bytes_max),
             one.text("mail", name_bytes_max),
             role}
        );
        if (auto const done = one.finish(); !done) fields.fault(field, done.error().what);
    }
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (caller.uid != ::geteuid() && caller.uid != 0)
        return Fault{
            "E-INS-01", TextKey::operator_setup_uid_text, {}, TextKey::operator_setup_uid_remedy};
    if (ECLUSE_TRY(store::any_person(context.database)))
        return Fault{
            "E-INS-02", TextKey::operator_setup_done_text, {}, TextKey::operator_setup_done_remedy};
    for (std::size_t i = 0; i < named.size(); ++i) {
        auto const& one = named[i];
        if (judge_names(one.login, one.first, one.last, one.mail))
            return bad_value(one.role, one.login + ", " + one.mail);
        for (std::size_t j = 0; j < i; ++j)
            if (named[j].login == one.login) return already(one.login);
    }
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "setup.completed", .object = "people", .details = {{"count", named.size()}}},
        [&]() -> Result<> {
            for (auto const& one : named)
                ECLUSE_TRY(insert(context, one));
            return {};
        }
    ));
    json::array invitations;
    for (auto const& one : named) {
        auto const person = ECLUSE_TRY(find_person(context, one.id));
        if (!person) return Error{Errc::not_found, "setup: " + one.login};
        auto const invitation = ECLUSE_TRY(make_invitation(context, caller, *person));
        invitations.push_back(json::object{
            {"login", one.login},
            {"roles", one.role},
            {"token", invitation.token},
            {"expires_at", to_iso(invitation.expires_at)}});
    }
    return json::object{{"invitations", std::move(invitations)}};
}

} // namespace

void add_setup_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "setup.people", {.access = Access::anyone}, &people);
}

} // namespace ecluse::policyd
