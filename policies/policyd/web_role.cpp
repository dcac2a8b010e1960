#include "policies/policyd/web_role.h"

#include "common/address.h"
#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/secret.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/core/refusal.h"
#include "policies/journal/journal.h"
#include "policies/policyd/api_token.h"
#include "policies/policyd/authentication.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/door_certificate.h"
#include "policies/policyd/dropped.h"
#include "policies/policyd/operator_gate.h"
#include "policies/policyd/peers.h"
#include "policies/policyd/refusals.h"
#include "policies/policyd/sources.h"
#include "policies/policyd/violations.h"
#include "policies/policyd/web_doors.h"
#include "policies/store/database.h"

namespace ecluse::policyd {
namespace {

/// A page of ours sends what the table says. Whoever sends something else so often is not a page.
constexpr unsigned violations_max = 20;
constexpr std::size_t origin_bytes_max = 300;

Config::Web const& settings_of(Config const& config, std::string_view door)
{
    return door == "portal" ? static_cast<Config::Web const&>(config.portal) : config.console;
}

json::array to_array(std::vector<std::string> const& texts)
{
    return json::array(texts.begin(), texts.end());
}

Fault outside_contract(std::string const& why)
{
    return {
        "E-REQ-01",
        TextKey::error_request_text,
        {{"why", printable(why, 200)}},
        TextKey::error_request_remedy};
}

Result<std::string> company_of(Context& context, std::string const& vendor)
{
    auto const row =
        ECLUSE_TRY(context.database.row("SELECT name FROM vendor WHERE id = $1", {vendor}));
    return row ? row->text("name") : std::string{"-"};
}

} // namespace

void WebRole::start(
    Context& context, RequestTable const& table, PacketSocket socket, std::string door, unsigned uid
)
{
    auto const peer = socket.peer();
    if (!peer) return log(LogLevel::warning, door + ": " + peer.error().what);
    if (peer->uid != uid) {
        // What this socket believes about addresses, only that one process may say.
        journal_violation(context, door, "", "peer uid " + std::to_string(peer->uid));
        return;
    }
    auto role = std::make_shared<WebRole>(context, std::move(door));
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
                        ) { journal_violation(self->context_, self->door_, self->address_, why); },
            .closed = [self] { self->context_.peers.drop(self); }}
    );
    role->connection_->start();
    context.web.add(self);
    context.peers.keep(std::move(role));
}

WebRole::~WebRole()
{
    context_.web.remove(this);
    context_.sources.remove_listener(&on_sources_);
}

void WebRole::handle(RequestRow const& row, Request request, Answer const& answer)
{
    if (request.name == "web.hello") return answer.complete(greet_server(request));
    if (request.name == "browser.hello") return answer.complete(greet_browser(request));
    if (request.name == "web.dropped") return answer.complete(dropped(request));
    if (kind_ != Kind::browser)
        return answer.complete(Reply::violation(request.name + ": before browser.hello"));
    if (!api_token_.reveal().empty())
        return handle_automation(row, std::move(request), guarded(answer));
    if (request.name == "login") return login(std::move(request), guarded(answer));
    if (row.access == Access::anyone)
        return Connection::run_row(row, anonymous(), std::move(request), guarded(answer));
    handle_person(row, std::move(request), guarded(answer));
}

Caller WebRole::anonymous() const
{
    Caller caller;
    caller.address = address_;
    caller.door = door_;
    caller.origin = origin_;
    caller.language = language_;
    return caller;
}

Answer WebRole::guarded(Answer const& answer)
{
    // Held by the connection's own lifetime: an answer that comes after it does nothing.
    return Answer{[this, answer, alive = std::weak_ptr{connection_}](Reply reply) {
        if (alive.expired()) return;
        if (auto const* const broken = std::get_if<Reply::Violation>(&reply.what())) {
            // A browser's mistake is not its web server's: it is told, and journaled.
            journal_violation(context_, door_, address_, broken->why);
            if (++violations_ > violations_max) return answer.complete(std::move(reply));
            return answer.complete(outside_contract(broken->why));
        }
        if (std::holds_alternative<Error>(reply.what()) && !known_as_.empty())
            if (auto const done = operator_session::end_for_fault(context_, known_as_); !done)
                log(LogLevel::error, done.error().what);
        answer.complete(std::move(reply));
    }};
}

Reply WebRole::greet_server(Request& request)
{
    Fields fields{request.fields};
    (void)fields.text("version", 64);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (kind_ != Kind::none) return Reply::violation("web.hello: out of order");
    kind_ = Kind::server;
    auto files = ECLUSE_TRY(certificate_files(context_, web_certificate_name(door_)));
    files.push_back(ECLUSE_TRY(context_.sources.list()));
    on_sources_ = [this] { push_sources(); };
    context_.sources.add_listener(&on_sources_);
    auto const& config = context_.config;
    auto const& settings = settings_of(config, door_);
    return {
        json::object{
            {"site", config.site.name},
            {"language", config.site.language},
            {"per_source_max", settings.per_source_max},
            {"connections_max", settings.connections_max},
            // The console is for the hospital's own network, which nobody declares.
            {"declared_only", door_ == "portal" && config.portal.from == "declared"},
            {"allow_public", door_ == "portal" || config.console.allow_public},
            {"proxies", to_array(settings.proxies)}},
        std::move(files)};
}

void WebRole::push_sources()
{
    auto list = context_.sources.list();
    // With an old list removed addresses would get in: better nobody.
    if (!list) return connection_->close();
    std::vector<Fd> files;
    files.push_back(std::move(*list));
    connection_->push({{"push", "sources"}}, std::move(files));
}

Reply WebRole::dropped(Request& request)
{
    Fields fields{request.fields};
    auto const address = SourceAddress::parse(fields.text("address", 64));
    auto const reason = fields.text("reason", 32);
    auto const count = fields.number("count", 1, 1'000'000'000);
    if (!address) fields.fault("address", "not an address");
    if (reason != "undeclared" && reason != "source_cap" && reason != "total_cap")
        fields.fault("reason", "unknown");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (kind_ != Kind::server) return Reply::violation("web.dropped: before web.hello");
    context_.dropped.add(door_, address->to_string(), reason, count);
    return Reply::later();
}

Reply WebRole::greet_browser(Request& request)
{
    auto const token = take_secret(request.fields, "token");
    auto api_token = take_secret(request.fields, "api_token");
    Fields fields{request.fields};
    auto const address = SourceAddress::parse(fields.text("address", 64));
    auto const language = parse_language(fields.text("language", 8));
    auto const origin = fields.text("origin", origin_bytes_max);
    if (!address) fields.fault("address", "not an address");
    if (!language) fields.fault("language", "unknown");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (kind_ != Kind::none) return Reply::violation("browser.hello: out of order");
    // One or the other says who asks; and vendors' people have no automation.
    if (!api_token.reveal().empty() && (!token.reveal().empty() || door_ != "console"))
        return Reply::violation("browser.hello: api_token");
    kind_ = Kind::browser;
    address_ = address->to_string();
    language_ = *language;
    origin_ = origin;
    token_ = token.reveal();
    api_token_ = std::move(api_token);
    return json::object{};
}

void WebRole::login(Request request, Answer const& answer)
{
    Attempt attempt;
    attempt.password = take_secret(request.fields, "password");
    attempt.code = take_secret(request.fields, "code");
    attempt.address = address_;
    attempt.door = door_;
    attempt.origin = origin_;
    Fields fields{request.fields};
    attempt.login = fields.text("login", 128);
    if (auto const done = fields.finish(); !done)
        return answer.complete(Reply::violation(done.error().what));
    context_.authentication.judge(
        context_,
        std::move(attempt),
        [this, answer, alive = std::weak_ptr{connection_}](Verdict verdict) {
            if (alive.expired()) return;
            answer.complete(
                verdict.accepted ? logged_in(*verdict.accepted) : Reply{wrong_factors(verdict)}
            );
        }
    );
}

Reply WebRole::logged_in(Accepted const& who)
{
    // CLAUSIER:O-12.2.5.3. Only whoever proved both factors is told about addresses.
    if (door_ == "portal" && !context_.sources.declared_for(who.vendor, address_)) {
        auto const company = ECLUSE_TRY(company_of(context_, who.vendor));
        auto const code = std::string{ecluse::code(Refusal::address_not_declared)};
        auto const reference = ECLUSE_TRY(record_refusal(
            context_,
            {.code = code,
             .door = door_,
             .address = address_,
             .login = who.login,
             .person = who.person,
             .detail = "login"}
        ));
        return Fault{
            code,
            reason(Refusal::address_not_declared),
            {{"ip", address_}, {"company", company}},
            action(Refusal::address_not_declared),
            reference};
    }
    if (auto refused = ECLUSE_TRY(operator_session::without_role(context_, who, door_, address_)))
        return *std::move(refused);
    token_ = ECLUSE_TRY(operator_session::begin(
        context_,
        {.person = who.person, .uid = 0, .door = door_, .address = address_, .before = &who}
    ));
    auto const found =
        ECLUSE_TRY(operator_session::find_browsing(context_, token_, door_, address_, true));
    if (auto const* const fault = std::get_if<Fault>(&found)) return *fault;
    auto const& session = std::get<operator_session::Browsing>(found);
    language_ = session.caller.language;
    known_as_ = session.caller.token_sha256;
    vendor_ = session.vendor;
    auto answer = ECLUSE_TRY(describe(session));
    answer["token"] = token_;
    return answer;
}

void WebRole::handle_automation(RequestRow const& row, Request request, Answer const& answer)
{
    auto judged = api_token::judge(
        context_,
        {.secret = api_token_.reveal(), .door = door_, .address = address_, .request = request.name}
    );
    if (!judged) return answer.complete(judged.error());
    if (auto* const fault = std::get_if<Fault>(&*judged)) return answer.complete(std::move(*fault));
    auto& caller = std::get<Caller>(*judged);
    caller.language = language_;
    pass_gate(context_, row, std::move(caller), std::move(request), answer);
}

void WebRole::handle_person(RequestRow const& row, Request request, Answer const& answer)
{
    bool passive = false;
    if (auto* const flag = request.fields.if_contains("passive"); flag && flag->is_bool()) {
        passive = flag->get_bool();
        request.fields.erase("passive");
    }
    auto found = operator_session::find_browsing(context_, token_, door_, address_, passive);
    if (!found) return answer.complete(found.error());
    if (auto* const fault = std::get_if<Fault>(&*found)) return answer.complete(std::move(*fault));
    auto& session = std::get<operator_session::Browsing>(*found);
    language_ = session.caller.language;
    known_as_ = session.caller.token_sha256;
    vendor_ = session.vendor;
    if (request.name == "logout") return answer.complete(logout(session, request));
    if (request.name == "whoami" || request.name == "live.subscribe") {
        if (!request.fields.empty())
            return answer.complete(Reply::violation(request.name + ": fields"));
        if (request.name == "live.subscribe") {
            listens_ = true;
            return answer.complete(json::object{});
        }
        auto described = describe(session);
        return answer.complete(described ? Reply{std::move(*described)} : Reply{described.error()});
    }
    session.caller.origin = origin_;
    pass_gate(context_, row, std::move(session.caller), std::move(request), answer);
}

Reply WebRole::logout(operator_session::Browsing const& session, Request& request)
{
    if (!request.fields.empty()) return Reply::violation("logout: fields");
    ECLUSE_TRY(context_.journal.record(
        context_.clock.utc_now(),
        "auth.logout",
        json::object{
            {"actor", session.caller.person},
            {"source", address_},
            {"object", session.caller.person},
            {"outcome", "ok"},
            {"door", door_}},
        [&] { return operator_session::end(context_, session.caller.token_sha256); }
    ));
    context_.web.recheck();
    return json::object{};
}

Result<json::object> WebRole::describe(operator_session::Browsing const& session)
{
    auto const& caller = session.caller;
    json::value last(nullptr);
    if (session.previous_at)
        last = json::object{
            {"at", to_iso(UtcTime{std::chrono::seconds{*session.previous_at}})},
            {"from", session.previous_from},
            {"door", session.previous_door}};
    json::value declared(nullptr);
    if (!session.vendor.empty()) declared = context_.sources.declared_for(session.vendor, address_);
    return json::object{
        {"person", caller.person},
        {"login", caller.login},
        {"name", caller.name},
        {"language", to_code(caller.language)},
        {"roles", to_array(caller.roles)},
        {"scope",
         caller.has_role("auditor")
             ? ECLUSE_TRY(store::named_scope(context_.database, caller.person))
             : json::value(nullptr)},
        {"idle_s", settings_of(context_.config, door_).idle_minutes * 60},
        {"life_left_s", session.life_left_s},
        {"address", address_},
        {"address_declared", declared},
        {"last_login", last},
        {"failures", session.failures},
        {"notices", ECLUSE_TRY(notices_for(context_, caller.person, caller.language))},
        {"password_too_old", caller.password_too_old}};
}

void WebRole::push_changed(std::set<std::string> const& kinds)
{
    connection_->push({{"push", "changed"}, {"kinds", json::array(kinds.begin(), kinds.end())}});
}

void WebRole::greet_again()
{
    if (kind_ == Kind::server) connection_->close();
}

void WebRole::recheck()
{
    if (!listens_) return;
    auto const found = operator_session::find_browsing(context_, token_, door_, address_, true);
    if (found && std::holds_alternative<operator_session::Browsing>(*found)) return;
    listens_ = false;
    auto const* const fault = found ? std::get_if<Fault>(&*found) : nullptr;
    // What cannot be looked up cannot be let in.
    connection_->push(
        {{"push", "end"}, {"error", render(fault ? *fault : not_logged_in(), language_)}}
    );
}

} // namespace ecluse::policyd
