#include "policies/policyd/operator_role.h"

#include "common/json.h"
#include "common/log.h"
#include "common/secret.h"
#include "policies/config/config.h"
#include "policies/policyd/authentication.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_gate.h"
#include "policies/policyd/operator_session.h"
#include "policies/policyd/peers.h"
#include "policies/policyd/violations.h"
#include "policies/policyd/web_doors.h"

namespace ecluse::policyd {
namespace {

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
            auto refused =
                operator_session::without_role(context, *verdict.accepted, "cli", "local");
            if (!refused) return answer.complete(refused.error());
            if (*refused) return answer.complete(*std::move(*refused));
            auto token =
                operator_session::begin(context, {.person = verdict.accepted->person, .uid = uid});
            if (!token) return answer.complete(token.error());
            auto const notices =
                notices_for(context, verdict.accepted->person, verdict.accepted->language);
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
    // What a page shows before anybody is logged in.
    table.add(
        "site.show",
        {.handler = [&context](Caller const& caller, Request& request, Answer const&) -> Reply {
             if (!request.fields.empty()) return Reply::violation("site.show: fields");
             auto const& site = context.config.site;
             return json::object{
                 {"name", site.name},
                 {"phone", site.phone},
                 {"portal", site.portal},
                 {"language", site.language},
                 {"door", caller.door}};
         },
         .access = Access::anyone}
    );
    table.add(
        "logout",
        {.handler = [&context](Caller const& caller, Request& request, Answer const&) -> Reply {
             if (!request.fields.empty()) return Reply::violation("logout: fields");
             ECLUSE_TRY(operator_session::end(context, caller.token_sha256));
             context.web.recheck();
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
    pass_gate(context_, row, std::move(caller), std::move(request), answer);
}

} // namespace ecluse::policyd
