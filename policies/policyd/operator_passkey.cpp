#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/core/passkey.h"
#include "policies/policyd/authentication.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/operator_act.h"
#include "policies/store/credentials.h"

/// Passkeys and security keys of people who work in a browser (CLAUSIER:O-5.4, O-12.3.5): what they
/// are asked, and the enrolment of a new one. Their use stands where a code does, in
/// authentication.cpp.
namespace ecluse::policyd {
namespace {

using Purpose = PasskeyChallenges::Purpose;

constexpr std::size_t part_bytes_max = 8192; // in base64
constexpr std::size_t passkeys_max = 16;

/// E-CLE-02: what the browser brought is not a passkey made here, now, for this person.
Fault unusable(std::string_view why)
{
    return {
        "E-CLE-02",
        TextKey::operator_passkey_text,
        {{"why", printable(why, 200)}},
        TextKey::operator_passkey_remedy};
}

/// Passkeys belong to the name of a site; eclusectl has none, and an address is no name.
std::optional<Fault> no_site(Caller const& caller)
{
    if (!rp_id_of(caller.origin).empty()) return std::nullopt;
    return Fault{
        "E-CLE-03", TextKey::operator_passkey_site_text, {}, TextKey::operator_passkey_site_remedy};
}

json::object ask(Context& context, Caller const& caller, Purpose purpose)
{
    auto const challenge = context.authentication.passkeys().issue(
        {purpose,
         purpose == Purpose::login ? std::string{} : caller.person,
         caller.address,
         caller.origin},
        context.clock.monotonic()
    );
    return {{"challenge", to_base64(challenge)}, {"rp_id", rp_id_of(caller.origin)}};
}

Reply ask_login(Context& context, Caller const& caller, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("passkey.challenge: fields");
    if (auto fault = no_site(caller)) return std::move(*fault);
    // The same for everybody: nothing says whose account has a passkey.
    return ask(context, caller, Purpose::login);
}

Reply ask_signature(Context& context, Caller const& caller, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("passkey.sign: fields");
    if (auto fault = no_site(caller)) return std::move(*fault);
    auto answer = ask(context, caller, Purpose::sign);
    answer["allowed"] = ECLUSE_TRY(store::passkey_names(context.database, caller.person));
    return answer;
}

Reply begin(Context& context, Caller const& caller, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("passkey.begin: fields");
    if (auto fault = no_site(caller)) return std::move(*fault);
    auto const names = ECLUSE_TRY(store::passkey_names(context.database, caller.person));
    if (names.size() >= passkeys_max) return bad_value("passkey", std::to_string(passkeys_max));
    auto answer = ask(context, caller, Purpose::create);
    answer["site"] = context.config.site.name;
    answer["login"] = caller.login;
    answer["name"] = caller.name;
    // Kept by the authenticator: says nothing outside of here.
    answer["user"] = to_base64(sha256("passkey:" + caller.person));
    answer["known"] = names;
    return answer;
}

Reply add(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const client_data = from_base64(fields.text("client_data", part_bytes_max));
    auto const authenticator_data = from_base64(fields.text("authenticator_data", part_bytes_max));
    auto const public_key = from_base64(fields.text("public_key", part_bytes_max));
    auto const label = fields.optional_text("label", name_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (auto fault = no_site(caller)) return std::move(*fault);
    if (!client_data || !authenticator_data || !public_key) return unusable("base64");
    auto const said = parse_client_data(*client_data);
    if (!said) return unusable(said.error().what);
    // Asked for after both factors were proved again (passkey.begin), and of this person only.
    if (!context.authentication.passkeys().take(
            said->challenge,
            {Purpose::create, caller.person, caller.address, caller.origin},
            context.clock.monotonic()
        ))
        return unusable("challenge");
    auto const made = judge_creation(*client_data, *authenticator_data, *public_key, caller.origin);
    if (!made) return unusable(made.error().what);
    auto const name = to_base64(made->id);
    if (ECLUSE_TRY(store::passkey_owner(context.database, name)))
        return already(label.value_or(""));
    auto const id = random_id('A');
    auto const now = seconds_now(context);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "credential.enrolled",
         .object = id,
         .details = {{"person", caller.person}, {"kinds", "passkey"}, {"site", made->key.rp_id}}},
        [&] {
            return store::insert_credential(
                context.database,
                {.id = id,
                 .person = caller.person,
                 .kind = "passkey",
                 .key = to_base64(made->key.public_key),
                 .label = label,
                 .created_at = now,
                 .confirmed_at = now,
                 .last_step = std::int64_t{made->key.counter},
                 .passkey = name,
                 .rp_id = made->key.rp_id}
            );
        }
    ));
    return json::object{{"credential", id}};
}

} // namespace

void add_passkey_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "passkey.challenge", {.access = Access::anyone}, &ask_login);
    add_request(table, context, "passkey.sign", {.access = Access::logged_in}, &ask_signature);
    add_request(
        table, context, "passkey.begin", {.access = Access::logged_in, .signs = true}, &begin
    );
    add_request(table, context, "passkey.add", {.access = Access::logged_in}, &add);
}

} // namespace ecluse::policyd
