#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/enrolment.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/operator_session.h"
#include "policies/policyd/public_key.h"
#include "policies/store/credentials.h"

/// What every person does with their own factors, each time proving them again (CLAUSIER:O-12.3.5).
namespace ecluse::policyd {
namespace {

constexpr std::size_t key_bytes_max = 8192;
/// As many as the authentication reads.
constexpr std::size_t keys_max = 16;
constexpr std::size_t password_bytes_max = 1024;

Reply add_key(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const text = fields.text("key", key_bytes_max);
    auto const label = fields.optional_text("label", name_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const key = parse_public_key(text);
    if (!key) return bad_value("key", key.error().what);
    if (!is_strong(*key))
        return Fault{
            "E-CLE-01",
            TextKey::operator_weak_key_text,
            {{"bits", std::to_string(rsa_bits_min)}},
            TextKey::operator_weak_key_remedy};
    // The same key on two accounts would make two people one (CHM:8.3).
    if (ECLUSE_TRY(store::ssh_key_owner(context.database, key->line)))
        return already(key->fingerprint);
    auto const held = ECLUSE_TRY(store::list_credentials(context.database, caller.person));
    if (held.at("rows").as_array().size() >= keys_max + 2)
        return bad_value("key", std::to_string(keys_max));
    auto const id = random_id('A');
    auto const now = seconds_now(context);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "credential.enrolled",
         .object = id,
         .details =
             {{"person", caller.person}, {"kinds", "ssh_key"}, {"fingerprint", key->fingerprint}}},
        [&] {
            return store::insert_credential(
                context.database,
                {.id = id,
                 .person = caller.person,
                 .kind = "ssh_key",
                 .key = key->line,
                 .label = label,
                 .created_at = now,
                 .confirmed_at = now}
            );
        }
    ));
    return json::object{{"credential", id}, {"fingerprint", key->fingerprint}};
}

Reply list_keys(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.optional_text("person", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto person = caller.person;
    if (name) {
        auto const found = ECLUSE_TRY(find_person(context, *name));
        bool const may = caller.has_role("dsi") || caller.has_role("rssi");
        if (!found || (!may && found->id != caller.person))
            return unknown(TextKey::operator_unknown_person, *name);
        person = found->id;
    }
    auto answer = ECLUSE_TRY(store::list_credentials(context.database, person));
    for (auto& row : answer.at("rows").as_array()) {
        auto& object = row.as_object();
        auto const* line = object.if_contains("key");
        object["fingerprint"] = nullptr;
        if (object.at("kind") == "ssh_key" && line && line->is_string())
            if (auto const key = parse_public_key(line->get_string()))
                object["fingerprint"] = key->fingerprint;
        object.erase("key");
    }
    return document(std::move(answer));
}

Reply remove_key(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("credential", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const key = ECLUSE_TRY(store::find_key(context.database, id));
    if (!key || key->person != caller.person)
        return unknown(TextKey::operator_unknown_credential, id);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "credential.revoked", .object = id, .details = {{"kinds", key->kind}}},
        [&]() -> Result<> {
            ECLUSE_TRY(store::revoke_credential(context.database, id, seconds_now(context)));
            return {};
        }
    ));
    return json::object{{"credential", id}};
}

Reply change_password(
    Context& context, Caller const& caller, Request& request, Answer const& answer
)
{
    Fields fields{request.fields};
    auto typed = fields.text("new_password", password_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    make_password_hash(
        context,
        caller.person,
        Secret{typed},
        [&context, caller, answer](std::variant<std::string, Reply> made) {
            if (auto* refused = std::get_if<Reply>(&made))
                return answer.complete(std::move(*refused));
            auto const now = seconds_now(context);
            auto const written = record_act(
                context,
                caller,
                {.type = "credential.changed",
                 .object = caller.person,
                 .details = {{"kinds", "password"}}},
                [&]() -> Result<> {
                    ECLUSE_TRY(
                        store::revoke_credentials(context.database, caller.person, "password", now)
                    );
                    ECLUSE_TRY(store::insert_credential(
                        context.database,
                        {.id = random_id('A'),
                         .person = caller.person,
                         .kind = "password",
                         .hash = std::get<std::string>(made),
                         .created_at = now,
                         .confirmed_at = now}
                    ));
                    // Whoever else was logged in by the old one is not any more.
                    return operator_session::end_all_of(context, caller.person);
                }
            );
            if (!written) return answer.complete(written.error());
            answer.complete(json::object{{"login", caller.login}});
        }
    );
    return Reply::later();
}

Reply replace_totp(Context& context, Caller const& caller, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("totp.replace: fields");
    NewTotp totp;
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "credential.enrolled", .object = caller.person, .details = {{"kinds", "totp"}}},
        [&]() -> Result<> {
            totp = ECLUSE_TRY(start_totp(context, caller.person, caller.login));
            return {};
        }
    ));
    return json::object{{"login", caller.login}, {"secret", totp.base32}, {"uri", totp.uri}};
}

Reply confirm_totp(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const code = fields.text("code", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    bool right = false;
    auto const written = record_act(
        context,
        caller,
        {.type = "credential.confirmed", .object = caller.person, .details = {{"kinds", "totp"}}},
        [&]() -> Result<> {
            right = ECLUSE_TRY(confirm_pending_totp(context, caller.person, code));
            if (!right) return Error{Errc::refused, "code"};
            return {};
        }
    );
    if (!written && !right && written.error().code == Errc::refused)
        return Fault{"E-TOT-01", TextKey::operator_totp_text, {}, TextKey::operator_totp_remedy};
    if (!written) return written.error();
    return json::object{{"login", caller.login}};
}

Reply regenerate(Context& context, Caller const& caller, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("recovery.regenerate: fields");
    json::array codes;
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "credential.enrolled",
         .object = caller.person,
         .details = {{"kinds", "recovery"}}},
        [&]() -> Result<> {
            codes = ECLUSE_TRY(renew_recovery_codes(context, caller.person));
            return {};
        }
    ));
    return json::object{{"recovery_codes", std::move(codes)}};
}

} // namespace

void add_credential_requests(RequestTable& table, Context& context)
{
    Allowed const self{.access = Access::logged_in};
    Allowed const signing{.access = Access::logged_in, .signs = true};
    add_request(table, context, "key.add", signing, &add_key);
    add_request(table, context, "key.list", self, &list_keys);
    add_request(table, context, "key.remove", signing, &remove_key);
    Allowed renewing = signing;
    renewing.with_old_password = true;
    add_request(table, context, "password.change", renewing, &change_password);
    add_request(table, context, "totp.replace", signing, &replace_totp);
    add_request(table, context, "totp.confirm", self, &confirm_totp);
    add_request(table, context, "recovery.regenerate", signing, &regenerate);
}

} // namespace ecluse::policyd
