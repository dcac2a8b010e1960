#include "policies/policyd/enrolment.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/loop.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/core/passwords.h"
#include "policies/core/recovery_codes.h"
#include "policies/core/totp.h"
#include "policies/policyd/boxes.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/operator_act.h"
#include "policies/store/credentials.h"
#include "policies/store/vendors.h"
#include "policies/vault/vault.h"

namespace ecluse::policyd {
namespace {

Fault reused()
{
    return {"E-MDP-07", TextKey::operator_reused_text, {}, TextKey::operator_reused_remedy};
}

Result<std::vector<std::string>> own_words(Context& context, store::Person const& person)
{
    std::vector<std::string> words{
        person.login, person.first_name, person.last_name, context.config.site.name};
    if (person.vendor)
        if (auto const vendor = ECLUSE_TRY(store::find_vendor(context.database, *person.vendor)))
            words.push_back(vendor->name);
    return words;
}

} // namespace

void make_password_hash(
    Context& context,
    std::string const& person,
    Secret password,
    std::function<void(std::variant<std::string, Reply>)> done
)
{
    auto const found = find_person(context, person);
    if (!found) return done(Reply{found.error()});
    if (!*found) return done(Reply{unknown(TextKey::operator_unknown_person, person)});
    auto const words = own_words(context, **found);
    if (!words) return done(Reply{words.error()});
    auto const& policy = context.config.passwords;
    PasswordPolicy const rules{
        .characters_min = static_cast<std::size_t>(policy.length_min),
        .classes = policy.composition};
    if (auto const fault = judge_password(password.reveal(), rules, *words))
        return done(Reply{to_reply(*fault)});
    auto history = store::password_history(context.database, person, policy.history);
    if (!history) return done(Reply{history.error()});
    struct Job {
        Secret password;
        std::vector<std::string> history;
        bool is_old = false;
        std::string hash;
    };
    auto const job = std::make_shared<Job>();
    job->password = std::move(password);
    job->history = std::move(*history);
    context.loop.in_pool(
        [job] {
            for (auto const& old : job->history)
                if (verify_password(job->password.reveal(), old)) job->is_old = true;
            if (!job->is_old) job->hash = hash_password(job->password.reveal());
        },
        [job, done] {
            if (job->is_old)
                done(Reply{reused()});
            else
                done(job->hash);
        }
    );
}

Result<NewTotp> start_totp(Context& context, std::string const& person, std::string const& login)
{
    auto secret = random_bytes(totp_secret_bytes);
    auto const id = random_id('A');
    ECLUSE_TRY(store::drop_pending_totp(context.database, person));
    ECLUSE_TRY(store::insert_credential(
        context.database,
        {.id = id,
         .person = person,
         .kind = "totp",
         .secret_sealed = context.vault.seal(box::authenticator(id), secret),
         .created_at = seconds_now(context)}
    ));
    NewTotp totp{
        to_base32(secret),
        std::string{otpauth_uri(secret, context.config.site.name, login).reveal()}};
    wipe(secret);
    return totp;
}

Result<bool>
confirm_pending_totp(Context& context, std::string const& person, std::string_view code)
{
    auto const pending = ECLUSE_TRY(store::pending_totp(context.database, person));
    if (!pending) return false;
    auto const secret =
        ECLUSE_TRY(context.vault.open_box(box::authenticator(pending->id), pending->secret_sealed));
    // The machine's own clock, as at every later login.
    auto const now = to_seconds(context.clock.utc_now());
    auto const step = accept_totp(secret.reveal(), code, now, std::nullopt);
    if (!step) return false;
    auto const at = seconds_now(context);
    ECLUSE_TRY(store::confirm_totp(context.database, person, pending->id, *step, at));
    return true;
}

Result<json::array> renew_recovery_codes(Context& context, std::string const& person)
{
    auto const now = seconds_now(context);
    ECLUSE_TRY(store::revoke_credentials(context.database, person, "recovery", now));
    json::array shown;
    for (std::size_t i = 0; i < recovery_codes_count; ++i) {
        auto const code = format_recovery_code(random_spelling(recovery_code_characters));
        auto const normal = normalize_recovery_code(code);
        if (!normal) return Error{Errc::malformed, "recovery code"};
        auto const id = random_id('A');
        ECLUSE_TRY(store::insert_credential(
            context.database,
            {.id = id,
             .person = person,
             .kind = "recovery",
             .secret_sealed = context.vault.seal(box::authenticator(id), sha256(*normal)),
             .created_at = now,
             .confirmed_at = now}
        ));
        shown.emplace_back(code);
    }
    return shown;
}

} // namespace ecluse::policyd
