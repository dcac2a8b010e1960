#include "policies/policyd/operator_role.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/paris_time.h"
#include "common/secret.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/core/refusal.h"
#include "policies/policyd/authentication.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/facts.h"
#include "policies/policyd/operator_session.h"
#include "policies/policyd/peers.h"
#include "policies/policyd/refusals.h"
#include "policies/policyd/violations.h"
#include "policies/store/windows.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

/// Takes a secret text out of the request, so that no handler sees it.
Secret take_secret(json::object& fields, std::string_view name)
{
    auto* const value = fields.if_contains(name);
    if (!value || !value->is_string()) return {};
    auto secret = Secret::copy_of(value->get_string());
    std::fill(value->get_string().begin(), value->get_string().end(), '\0');
    fields.erase(name);
    return secret;
}

Fault not_logged_in()
{
    return {"E-AUT-02", TextKey::error_no_token_text, {}, TextKey::error_no_token_remedy};
}

Fault wrong_factors(Verdict const& verdict)
{
    return {
        "E-AUT-01",
        TextKey::error_login_text,
        {{"wait", std::to_string(verdict.wait.count())}},
        TextKey::error_login_remedy};
}

Fault wrong_role(RequestRow const& row)
{
    std::string roles;
    for (auto const& role : row.roles)
        roles += (roles.empty() ? "" : ", ") + role;
    return {"E-DRT-01", TextKey::error_role_text, {{"roles", roles}}, TextKey::error_role_remedy};
}

/// CLAUSIER:O-5.1, CHM:5.5. The same words as on SSH.
Fault old_password(Context& context)
{
    auto const& site = context.config.site;
    return {
        std::string{code(Refusal::password_too_old)},
        reason(Refusal::password_too_old),
        {{"url", site.portal}, {"phone", site.phone}},
        action(Refusal::password_too_old)};
}

bool may_ask(RequestRow const& row, Caller const& caller)
{
    if (row.access == Access::logged_in) return true;
    return std::any_of(row.roles.begin(), row.roles.end(), [&](std::string const& role) {
        return caller.has_role(role);
    });
}

/// What somebody who logs in should know: the password's age, the next window to accompany.
Result<json::array> notices_for(Context& context, Accepted const& who)
{
    auto const now = context.clock.decision_now();
    json::array notices;
    auto const renew_by = ECLUSE_TRY(password_renew_by(context, who.person));
    if (auto const warning = password_warning(renew_by, now, who.language); !warning.empty())
        notices.emplace_back(warning);
    auto const escorted = ECLUSE_TRY(
        store::next_escorted(context.database, who.person, now.time_since_epoch().count())
    );
    if (escorted)
        notices.emplace_back(text(
            who.language,
            TextKey::escort_notice,
            {{"window", escorted->window},
             {"start",
              format_moment(UtcTime{std::chrono::seconds{escorted->opens_at}}, who.language)}}
        ));
    return notices;
}

Reply login(Context& context, Caller const& caller, Request& request, Answer const& answer)
{
    Attempt attempt;
    attempt.password = take_secret(request.fields, "password");
    attempt.code = take_secret(request.fields, "code");
    attempt.address = caller.address;
    attempt.door = "cli";
    Fields fields{request.fields};
    attempt.login = fields.text("login", 128);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const uid = caller.uid;
    context.authentication
        .judge(context, std::move(attempt), [&context, uid, answer](Verdict verdict) {
            if (!verdict.accepted) return answer.complete(wrong_factors(verdict));
            auto token = operator_session::begin(context, verdict.accepted->person, uid);
            if (!token) return answer.complete(token.error());
            auto const notices = notices_for(context, *verdict.accepted);
            if (!notices) return answer.complete(notices.error());
            json::object fields_out{
                {"token", *token},
                {"person", verdict.accepted->person},
                {"name", verdict.accepted->name},
                {"language", to_code(verdict.accepted->language)},
                {"failures", verdict.accepted->failures_since},
                {"notices", *notices},
                {"idle_s", std::chrono::seconds{operator_session::idle_max}.count()},
                {"life_s", std::chrono::seconds{operator_session::life_max}.count()}};
            answer.complete(std::move(fields_out));
        });
    return Reply::later();
}

} // namespace

void add_login_requests(RequestTable& table, Context& context)
{
    // Its handler is the connection's: it sets the language.
    table.add("operator.hello", {.handler = nullptr, .access = Access::anyone, .once = true});
    table.add(
        "login",
        {.handler = [&context](
                        Caller const& c, Request& r, Answer const& a
                    ) { return login(context, c, r, a); },
         .access = Access::anyone}
    );
    table.add(
        "logout",
        {.handler = [&context](Caller const& caller, Request& request, Answer const&) -> Reply {
             if (!request.fields.empty()) return Reply::violation("logout: fields");
             ECLUSE_TRY(operator_session::end(context, caller.token_sha256));
             return json::object{};
         },
         .access = Access::logged_in,
         .with_old_password = true}
    );
    table.add(
        "whoami",
        {.handler = [](Caller const& caller, Request& request, Answer const&) -> Reply {
             if (!request.fields.empty()) return Reply::violation("whoami: fields");
             return json::object{
                 {"person", caller.person},
                 {"login", caller.login},
                 {"name", caller.name},
                 {"language", to_code(caller.language)},
                 {"roles", json::array(caller.roles.begin(), caller.roles.end())}};
         },
         .access = Access::logged_in,
         .with_old_password = true}
    );
}

void OperatorRole::start(Context& context, RequestTable const& table, PacketSocket socket)
{
    auto const peer = socket.peer();
    if (!peer) return log(LogLevel::warning, "operator: " + peer.error().what);
    auto role = std::make_shared<OperatorRole>(context, peer->uid);
    auto* const self = role.get();
    role->connection_ = std::make_shared<Connection>(
        context.loop,
        std::move(socket),
        Connection::Hooks{
            .table = &table,
            .handle = [self](
                          RequestRow const& row, Request request, Answer answer
                      ) { self->handle(row, std::move(request), answer); },
            .language = [self] { return self->language_; },
            .violated = [self](std::string const& why
                        ) { journal_violation(self->context_, "operator", "", why); },
            .closed = [self] { self->context_.peers.drop(self); }}
    );
    role->connection_->start();
    context.peers.keep(std::move(role));
}

Reply OperatorRole::hello(Request& request)
{
    Fields fields{request.fields};
    (void)fields.text("version", 64);
    auto const language = parse_language(fields.text("language", 8));
    if (!language) fields.fault("language", "unknown");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    greeted_ = true;
    language_ = *language;
    return json::object{{"version", ECLUSE_VERSION}};
}

void OperatorRole::handle(RequestRow const& row, Request request, Answer const& answer)
{
    if (request.name == "operator.hello") return answer.complete(hello(request));
    if (!greeted_)
        return answer.complete(Reply::violation(request.name + ": before operator.hello"));
    auto const token = take_secret(request.fields, "token");
    if (row.access == Access::anyone) {
        Caller caller;
        caller.uid = uid_;
        caller.language = language_;
        return Connection::run_row(row, caller, std::move(request), answer);
    }
    auto found = operator_session::find(context_, token.reveal(), uid_);
    if (!found) return answer.complete(found.error());
    if (!*found) return answer.complete(not_logged_in());
    auto caller = std::move(**found);
    language_ = caller.language;
    auto refused = !may_ask(row, caller) ? std::optional{wrong_role(row)}
                   : caller.password_too_old && !row.with_old_password
                       ? std::optional{old_password(context_)}
                       : std::nullopt;
    if (refused) {
        auto const noted = record_refusal(
            context_,
            {.code = refused->code,
             .door = "cli",
             .address = caller.address,
             .login = caller.login,
             .person = caller.person,
             .detail = request.name}
        );
        if (!noted) return answer.complete(noted.error());
        return answer.complete(std::move(*refused));
    }
    if (row.signs) return sign(row, std::move(caller), std::move(request), answer);
    Connection::run_row(row, caller, std::move(request), answer);
}

void OperatorRole::sign(RequestRow const& row, Caller caller, Request request, Answer const& answer)
{
    auto password = take_secret(request.fields, "password");
    auto code = take_secret(request.fields, "code");
    // Shared, because a std::function must be copyable; a Request is not.
    auto const held = std::make_shared<Request>(std::move(request));
    auto const person = caller.person;
    auto const address = caller.address;
    // The table outlives every connection, so `row` does too.
    context_.authentication.sign_again(
        context_,
        person,
        std::move(password),
        std::move(code),
        address,
        [&row, caller = std::move(caller), held, answer](Verdict verdict) mutable {
            if (!verdict.accepted) return answer.complete(wrong_factors(verdict));
            caller.factors = verdict.accepted->factors;
            Connection::run_row(row, caller, std::move(*held), answer);
        }
    );
}

} // namespace ecluse::policyd
