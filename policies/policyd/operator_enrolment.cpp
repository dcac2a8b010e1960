#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/enrolment.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_session.h"
#include "policies/store/credentials.h"

/// From an invitation to an account with two factors. Nobody is logged in here: the invitation,
/// single use and dated, is what is believed (CHM:2.5).
namespace ecluse::policyd {
namespace {

constexpr std::size_t token_bytes_max = 128;
constexpr std::size_t password_bytes_max = 1024;

/// Unknown, used and expired look the same to whoever tries tokens.
Fault no_invitation()
{
    return {"E-INV-01", TextKey::operator_invitation_text, {}, TextKey::operator_invitation_remedy};
}

struct Invited {
    std::string token_sha256;
    store::Person person;
};

std::variant<Invited, Reply> find_invited(Context& context, std::string const& token)
{
    auto const hash = to_hex(sha256(token));
    auto const invitation = store::find_invitation(context.database, hash);
    if (!invitation) return Reply{invitation.error()};
    if (!*invitation || (*invitation)->used || seconds_now(context) >= (*invitation)->expires_at)
        return Reply{no_invitation()};
    auto const person = find_person(context, (*invitation)->person);
    if (!person) return Reply{person.error()};
    if (!*person || ((*person)->state != "invited" && (*person)->state != "active"))
        return Reply{no_invitation()};
    return Invited{hash, **person};
}

/// The caller of the evidence: the invited person, known by the invitation.
Caller as_invited(Caller caller, store::Person const& person)
{
    caller.person = person.id;
    caller.login = person.login;
    caller.name = person.first_name + " " + person.last_name;
    return caller;
}

Reply begin(Context& context, Caller const& caller, Request& request, Answer const& answer)
{
    Fields fields{request.fields};
    auto const token = fields.text("invitation", token_bytes_max);
    auto typed = fields.text("password", password_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    Secret password{typed};
    auto found = find_invited(context, token);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const person = std::get<Invited>(found).person;
    auto const asking = as_invited(caller, person);
    make_password_hash(
        context,
        person.id,
        std::move(password),
        [&context, answer, person, asking, token](std::variant<std::string, Reply> made) {
            if (auto* refused = std::get_if<Reply>(&made))
                return answer.complete(std::move(*refused));
            // The pool took its time: the invitation may have been used meanwhile.
            auto again = find_invited(context, token);
            if (auto* refused = std::get_if<Reply>(&again))
                return answer.complete(std::move(*refused));
            NewTotp totp;
            auto const written = record_act(
                context,
                asking,
                {.type = "credential.enrolled",
                 .object = person.id,
                 .details = {{"kinds", "password, totp"}}},
                [&]() -> Result<> {
                    ECLUSE_TRY(store::drop_pending_password(context.database, person.id));
                    ECLUSE_TRY(store::insert_credential(
                        context.database,
                        {.id = random_id('A'),
                         .person = person.id,
                         .kind = "password",
                         .hash = std::get<std::string>(made),
                         .created_at = seconds_now(context)}
                    ));
                    totp = ECLUSE_TRY(start_totp(context, person.id, person.login));
                    return {};
                }
            );
            if (!written) return answer.complete(written.error());
            answer.complete(json::object{
                {"login", person.login},
                {"name", asking.name},
                {"secret", totp.base32},
                {"uri", totp.uri}});
        }
    );
    return Reply::later();
}

Reply confirm(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const token = fields.text("invitation", token_bytes_max);
    auto const code = fields.text("code", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = find_invited(context, token);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& [hash, person] = std::get<Invited>(found);
    auto const now = seconds_now(context);
    auto const asking = as_invited(caller, person);
    auto const pending = ECLUSE_TRY(store::pending_totp(context.database, person.id));
    if (!pending)
        return Fault{
            "E-INV-02",
            TextKey::operator_enrol_order_text,
            {},
            TextKey::operator_enrol_order_remedy};
    json::array codes;
    bool right = false;
    auto const written = record_act(
        context,
        asking,
        {.type = "person.activated",
         .object = person.id,
         .details = {{"before", person.state}, {"after", "active"}}},
        [&]() -> Result<> {
            right = ECLUSE_TRY(confirm_pending_totp(context, person.id, code));
            if (!right) return Error{Errc::refused, "code"};
            ECLUSE_TRY(store::confirm_password(context.database, person.id, now));
            codes = ECLUSE_TRY(renew_recovery_codes(context, person.id));
            ECLUSE_TRY(store::use_invitation(context.database, hash, now));
            ECLUSE_TRY(operator_session::end_all_of(context, person.id));
            return store::set_person_state(
                context.database, person.id, "active", "", person.id, now
            );
        }
    );
    if (!written && !right && written.error().code == Errc::refused)
        return Fault{"E-TOT-01", TextKey::operator_totp_text, {}, TextKey::operator_totp_remedy};
    if (!written) return written.error();
    return json::object{{"login", person.login}, {"recovery_codes", std::move(codes)}};
}

} // namespace

void add_enrolment_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "enrol.begin", {.access = Access::anyone}, &begin);
    add_request(table, context, "enrol.confirm", {.access = Access::anyone}, &confirm);
}

} // namespace ecluse::policyd
