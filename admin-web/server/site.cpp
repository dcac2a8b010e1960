#include "admin-web/server/site.h"

#include "admin-web/server/answer.h"
#include "admin-web/server/bearer.h"
#include "admin-web/server/cookie.h"
#include "admin-web/server/problem.h"
#include "admin-web/server/request_fields.h"
#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"

#include <algorithm>
#include <array>

namespace ecluse::web {
namespace {

constexpr std::size_t list_bytes_max = 4 * 1024 * 1024, pem_bytes_max = 64 * 1024;
constexpr std::chrono::seconds hello_max{20};
constexpr std::chrono::milliseconds retry_after{500};

/// What answers to somebody who is not logged in (WEB:GA1). Everything else needs a session.
constexpr std::array<std::string_view, 8> anonymous{
    "web.challenge",
    "web.openapi",
    "site.show",
    "login",
    "passkey.challenge",
    "enrol.begin",
    "enrol.confirm",
    "evidence.certificate"};
constexpr std::array<std::string_view, 3> with_proof{"login", "enrol.begin", "enrol.confirm"};

template <class List> bool is_in(List const& list, std::string_view name)
{
    return std::find(list.begin(), list.end(), name) != list.end();
}

std::string take_text(json::object& fields, std::string_view name)
{
    auto const* const value = fields.if_contains(name);
    std::string text;
    if (value && value->is_string()) text = std::string_view{value->get_string()};
    fields.erase(name);
    return text;
}

Challenges::Seconds now()
{
    return std::chrono::duration_cast<Challenges::Seconds>(
        std::chrono::steady_clock::now().time_since_epoch()
    );
}

Result<std::vector<AddressRange>> read_ranges(std::string_view lines)
{
    std::vector<AddressRange> ranges;
    while (!lines.empty()) {
        auto const end = std::min(lines.find('\n'), lines.size());
        ranges.push_back(ECLUSE_TRY(AddressRange::parse(lines.substr(0, end))));
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return ranges;
}

std::string origin_of(HttpRequest const& request)
{
    return "https://" + request.host;
}

/// Same origin: what a browser says of the page that asks. Under no-referrer some send "null" for
/// our own pages, and then Sec-Fetch-Site decides (nobody's script can set either).
bool is_own_page(HttpRequest const& request)
{
    if (request.origin == origin_of(request)) return true;
    return (request.origin.empty() || request.origin == "null") &&
           request.fetch_site == "same-origin";
}

} // namespace

Language language_of(std::string_view accept_language)
{
    auto const english = accept_language.find("en");
    auto const french = accept_language.find("fr");
    return english < french ? Language::english : Language::french;
}

Site::Site(
    boost::asio::io_context& context, std::string door, std::string socket_path, StaticFiles files
)
    : context_{context}, door_{std::move(door)}, socket_path_{std::move(socket_path)},
      routes_{door_}, files_{std::move(files)}, browsers_{context, socket_path_}, challenges_{[] {
          auto key = random_bytes(32);
          return Secret{key};
      }()},
      retry_{context}
{
}

Result<> Site::take(PolicyLink::Reply reply)
{
    auto const* const ok = reply.fields.if_contains("ok");
    if (!ok || !ok->is_bool() || !ok->get_bool() || reply.files.size() != 3)
        return Error{Errc::refused, "policyd refuses this instance"};
    reply.fields.erase("re");
    reply.fields.erase("ok");
    Fields fields{reply.fields};
    Told told;
    (void)fields.text("site");
    told.language = parse_language(fields.text("language")).value_or(Language::french);
    told.per_source_max = fields.number("per_source_max", 1);
    told.connections_max = fields.number("connections_max", 1);
    told.declared_only = fields.flag("declared_only");
    told.allow_public = fields.flag("allow_public");
    for (auto const& text : fields.texts("proxies"))
        told.proxies.push_back(ECLUSE_TRY(SourceAddress::parse(text)));
    ECLUSE_TRY(fields.finish());
    auto const chain = ECLUSE_TRY(read_all(reply.files[0].get(), pem_bytes_max));
    auto key = ECLUSE_TRY(read_all(reply.files[1].get(), pem_bytes_max));
    auto tls = make_tls(chain, key);
    wipe(key);
    told.tls = ECLUSE_TRY(std::move(tls));
    told.declared =
        ECLUSE_TRY(read_ranges(ECLUSE_TRY(read_all(reply.files[2].get(), list_bytes_max))));
    told_ = std::move(told);
    return {};
}

Result<> Site::greet()
{
    auto const socket = ECLUSE_TRY(PacketSocket::connect(socket_path_));
    ECLUSE_TRY(socket.send(json::object{{"do", "web.hello"}, {"id", 1}, {"version", ECLUSE_VERSION}}
    ));
    auto packet = ECLUSE_TRY(socket.receive(hello_max));
    if (!packet) return Error{Errc::unavailable, "policyd closed its socket"};
    auto fields = ECLUSE_TRY(parse_object(packet->json));
    return take({std::move(fields), std::move(packet->descriptors)});
}

void Site::start()
{
    connect();
}

void Site::connect()
{
    auto link = PolicyLink::connect(
        context_,
        socket_path_,
        {.pushed =
             [this](PolicyLink::Reply reply) {
                 if (reply.files.size() != 1) return;
                 auto const text = read_all(reply.files[0].get(), list_bytes_max);
                 auto ranges =
                     text ? read_ranges(*text) : Result<std::vector<AddressRange>>{text.error()};
                 // With an old list removed addresses would get in.
                 told_.declared = ranges ? std::move(*ranges) : std::vector<AddressRange>{};
             },
         .closed = [this] { reconnect(); }}
    );
    if (!link) return reconnect();
    control_ = *link;
    control_->ask("web.hello", {{"version", ECLUSE_VERSION}}, [this](auto reply) {
        auto const done = reply ? take(std::move(*reply)) : Result<>{reply.error()};
        if (!done) log(LogLevel::error, "policyd: " + done.error().what);
    });
}

void Site::reconnect()
{
    control_.reset();
    retry_.expires_after(retry_after);
    retry_.async_wait([this](boost::system::error_code code) {
        if (!code) connect();
    });
}

bool Site::is_declared(SourceAddress const& address) const
{
    return std::any_of(told_.declared.begin(), told_.declared.end(), [&](auto const& range) {
        return range.contains(address);
    });
}

std::optional<SourceAddress>
Site::client_of(SourceAddress const& peer, std::string_view forwarded_for) const
{
    auto const is_proxy = [this](SourceAddress const& address) {
        return std::find(told_.proxies.begin(), told_.proxies.end(), address) !=
               told_.proxies.end();
    };
    auto address = peer;
    // From the right: each proxy of ours wrote down who came to it.
    while (is_proxy(address) && !forwarded_for.empty()) {
        auto const comma = forwarded_for.rfind(',');
        auto last =
            comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1);
        forwarded_for = comma == std::string_view::npos ? "" : forwarded_for.substr(0, comma);
        while (!last.empty() && last.front() == ' ')
            last.remove_prefix(1);
        auto const parsed = SourceAddress::parse(last);
        if (!parsed) return std::nullopt;
        address = *parsed;
    }
    return address;
}

void Site::dropped(SourceAddress const& address, std::string_view reason)
{
    if (control_)
        control_->tell(
            "web.dropped", {{"address", address.to_string()}, {"reason", reason}, {"count", 1}}
        );
}

void Site::handle(HttpRequest request, Respond const& respond)
{
    auto const language = language_of(request.accept_language);
    auto const target = split_target(request.target);
    if (!target) {
        auto response = problem(Refused::malformed, language);
        response.close = true;
        return respond(std::move(response));
    }
    if (target->path.starts_with("/api/")) return handle_route(request, *target, respond);
    if (request.method != "GET" && request.method != "HEAD") {
        auto response = problem(Refused::wrong_method, language);
        response.headers.emplace_back("Allow", "GET, HEAD");
        return respond(std::move(response));
    }
    auto response = files_.answer(request, target->path);
    response.pieced_media = door_ == "console";
    respond(response.status == 404 ? problem(Refused::not_found, language) : std::move(response));
}

void Site::handle_route(HttpRequest const& request, Target const& target, Respond const& respond)
{
    auto const language = language_of(request.accept_language);
    auto const match = routes_.find(request.method, target.path);
    if (!match.route && match.methods.empty())
        return respond(problem(Refused::not_found, language));
    if (!match.route || match.route->answer == "websocket") {
        auto response = problem(Refused::wrong_method, language);
        std::string allowed;
        for (auto const method : match.methods)
            allowed += (allowed.empty() ? "" : ", ") + std::string{method};
        response.headers.emplace_back("Allow", allowed);
        return respond(std::move(response));
    }
    auto const& route = *match.route;
    auto const bearer = bearer_token(request.authorization);
    Asker const asker{bearer ? *bearer : session_token(request.cookie), bearer.has_value()};
    if (auto refused = guard(request, route, asker)) return respond(std::move(*refused));
    auto fields = [&]() -> Result<json::object> {
        if (request.method == "POST") return fields_of_body(route, match.path_fields, request.body);
        auto const query = ECLUSE_TRY(read_query(target.query));
        return fields_of_query(route, match.path_fields, query);
    }();
    if (!fields) return respond(problem(Refused::malformed, language, fields.error().what));
    if (route.request == "web.openapi") {
        HttpResponse response{.status = 200, .content_type = "application/json"};
        response.body = openapi();
        return respond(std::move(response));
    }
    if (route.request == "web.challenge") return respond(challenge(request, *fields));
    if (auto refused = check_proof(request, route, *fields)) return respond(std::move(*refused));
    ask_policyd(request, {&route, std::move(*fields), asker}, respond);
}

std::optional<HttpResponse>
Site::guard(HttpRequest const& request, RouteRow const& route, Asker const& asker) const
{
    auto const language = language_of(request.accept_language);
    bool const acts = request.method == "POST";
    bool const open = is_in(anonymous, route.request);
    if (asker.automation)
        if (auto refused = guard_automation(request, asker.token)) return refused;
    // No page elsewhere can make a browser send a token: it needs no proof of where it comes from.
    bool const by_page = open || !asker.automation;
    if (acts && by_page && !is_own_page(request)) return problem(Refused::other_site, language);
    if (!open && asker.token.empty()) return problem(Refused::no_session, language);
    if (acts && !open && by_page && !equal_in_constant_time(request.token, csrf_of(asker.token)))
        return problem(Refused::other_site, language);
    auto const type = std::string_view{request.content_type};
    if (acts && type.substr(0, type.find(';')) != "application/json")
        return problem(Refused::wrong_type, language);
    return std::nullopt;
}

std::optional<HttpResponse>
Site::guard_automation(HttpRequest const& request, std::string const& token) const
{
    auto const language = language_of(request.accept_language);
    if (door_ != "console") return problem(Refused::token_elsewhere, language);
    if (!request.cookie.empty()) return problem(Refused::token_and_cookie, language);
    if (token.empty()) return problem(Refused::malformed, language, "Authorization");
    return std::nullopt;
}

HttpResponse Site::challenge(HttpRequest const& request, json::object const& fields) const
{
    auto const* const wanted = fields.if_contains("for");
    auto const name = wanted && wanted->is_string() ? std::string_view{wanted->get_string()} : "";
    if (!is_in(with_proof, name))
        return problem(Refused::malformed, language_of(request.accept_language), "for");
    auto const made = challenges_.make(name, request.address, now());
    HttpResponse response{.status = 200, .content_type = "application/json"};
    response.body = json::serialize(json::object{
        {"challenge", made.text}, {"bits", made.bits}, {"life_s", Challenges::life.count()}});
    return response;
}

std::optional<HttpResponse>
Site::check_proof(HttpRequest const& request, RouteRow const& route, json::object& fields)
{
    if (!is_in(with_proof, route.request)) return std::nullopt;
    auto const text = take_text(fields, "challenge");
    auto const solution = take_text(fields, "solution");
    if (challenges_.accept(text, solution, route.request, request.address, now()))
        return std::nullopt;
    return problem(Refused::no_proof, language_of(request.accept_language));
}

void Site::ask_policyd(HttpRequest const& request, Guarded guarded, Respond const& respond)
{
    auto const language = language_of(request.accept_language);
    auto const& route = *guarded.route;
    bool const open = is_in(anonymous, route.request);
    Browsers::Who const who{
        open ? std::string{} : guarded.asker.token,
        guarded.asker.automation,
        request.address,
        origin_of(request),
        language};
    if (request.passive && !open && !who.automation) guarded.fields["passive"] = true;
    browsers_.ask(
        who,
        route.request,
        std::move(guarded.fields),
        [this, &route, who, language, respond](Result<PolicyLink::Reply> reply) {
            if (!reply) return respond(problem(Refused::policyd_away, language));
            auto const session = who.automation ? std::string{} : who.token;
            auto response = to_response(route, std::move(*reply), session, language);
            if (response.status == 401) {
                if (who.automation)
                    response.headers.emplace_back(
                        "WWW-Authenticate", "Bearer error=\"invalid_token\""
                    );
                browsers_.forget(who);
            }
            if (is_in(with_proof, route.request)) {
                if (response.status == 200)
                    challenges_.succeeded(who.address);
                else
                    challenges_.failed(who.address, now());
            }
            respond(std::move(response));
        }
    );
}

std::string_view Site::asked_by_socket(HttpRequest const& request) const
{
    auto const target = split_target(request.target);
    auto const match = target ? routes_.find(request.method, target->path) : Match{};
    return match.route && match.route->answer == "websocket" ? match.route->request
                                                             : std::string_view{};
}

std::optional<Site::Guarded>
Site::guard_socket(HttpRequest const& request, Respond const& refused) const
{
    auto const language = language_of(request.accept_language);
    auto const refuse = [&](HttpResponse response) {
        refused(std::move(response));
        return std::nullopt;
    };
    auto const target = split_target(request.target);
    auto const match = target ? routes_.find(request.method, target->path) : Match{};
    if (!match.route || match.route->answer != "websocket")
        return refuse(problem(Refused::not_found, language));
    // A script elsewhere could open a WebSocket with our cookie: the origin is all that tells.
    if (!is_own_page(request)) return refuse(problem(Refused::other_site, language));
    // Automation reads lists; it does not wait for their changes.
    if (bearer_token(request.authorization)) return refuse(problem(Refused::no_session, language));
    auto token = session_token(request.cookie);
    if (token.empty()) return refuse(problem(Refused::no_session, language));
    auto fields = fields_of_query(*match.route, match.path_fields, {});
    if (!fields) return refuse(problem(Refused::malformed, language, fields.error().what));
    return Guarded{match.route, std::move(*fields), {std::move(token)}};
}

std::function<void(Result<PolicyLink::Reply>)> Site::when_socket_answered(
    Guarded const& guarded,
    Language language,
    Respond const& refused,
    std::function<void(std::vector<Fd>)> accepted
)
{
    return [accepted = std::move(accepted),
            refused,
            language,
            token = guarded.asker.token,
            route = guarded.route](Result<PolicyLink::Reply> reply) {
        if (!reply) return refused(problem(Refused::policyd_away, language));
        auto files = std::exchange(reply->files, {});
        auto response = to_response(*route, std::move(*reply), token, language);
        if (response.status != 200) return refused(std::move(response));
        accepted(std::move(files));
    };
}

void Site::attach(
    HttpRequest const& request, std::function<void(Fd)> accepted, Respond const& refused
)
{
    auto const language = language_of(request.accept_language);
    auto guarded = guard_socket(request, refused);
    if (!guarded) return;
    auto answered = when_socket_answered(
        *guarded,
        language,
        refused,
        [accepted = std::move(accepted), refused, language](std::vector<Fd> files) {
            if (files.size() != 1) return refused(problem(Refused::failed, language));
            accepted(std::move(files.front()));
        }
    );
    browsers_.ask(
        {guarded->asker.token, false, request.address, origin_of(request), language},
        guarded->route->request,
        std::move(guarded->fields),
        std::move(answered)
    );
}

void Site::listen(
    HttpRequest const& request,
    std::shared_ptr<Browsers::Listener> const& listener,
    std::function<void()> accepted,
    Respond const& refused
)
{
    auto const language = language_of(request.accept_language);
    auto const guarded = guard_socket(request, refused);
    if (!guarded) return;
    browsers_.listen(
        {guarded->asker.token, false, request.address, origin_of(request), language},
        listener,
        when_socket_answered(
            *guarded,
            language,
            refused,
            [accepted = std::move(accepted)](std::vector<Fd> const&) { accepted(); }
        )
    );
}

} // namespace ecluse::web
