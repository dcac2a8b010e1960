#pragma once

#include "admin-web/server/browsers.h"
#include "admin-web/server/challenge.h"
#include "admin-web/server/message.h"
#include "admin-web/server/route_match.h"
#include "admin-web/server/static_files.h"
#include "admin-web/server/tls.h"
#include "common/address.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

/// What one door serves: pages, and the routes of its table. Each route has its guard here; what is
/// not named is refused.
namespace ecluse::web {

class Site {
public:
    /// What policyd told this instance.
    struct Told {
        std::int64_t per_source_max = 0, connections_max = 0;
        bool declared_only = true, allow_public = false;
        std::vector<SourceAddress> proxies;
        std::vector<AddressRange> declared;
        Language language = Language::french;
        SslContext tls;
    };

    Site(
        boost::asio::io_context& context,
        std::string door,
        std::string socket_path,
        StaticFiles files
    );

    /// Waits for policyd's first answer; before the process confines itself.
    Result<> greet();
    /// Keeps in touch with policyd from now on.
    void start();
    void handle(HttpRequest request, Respond const& respond);
    /// What a page that opens a WebSocket asks: "live.subscribe", "terminal.open"; "" for no route.
    [[nodiscard]] std::string_view asked_by_socket(HttpRequest const& request) const;
    /// A page wants to listen. `refused` or `accepted` is called once.
    void listen(
        HttpRequest const& request,
        std::shared_ptr<Browsers::Listener> const& listener,
        std::function<void()> accepted,
        Respond const& refused
    );

    /// A page wants to watch a live session, or to work in one; the descriptor is the other side.
    void
    attach(HttpRequest const& request, std::function<void(Fd)> accepted, Respond const& refused);

    [[nodiscard]] Told const& told() const { return told_; }
    [[nodiscard]] bool is_declared(SourceAddress const& address) const;
    /// Whose request this is: the peer's, or what a listed proxy says. Nothing: not to be believed.
    [[nodiscard]] std::optional<SourceAddress>
    client_of(SourceAddress const& peer, std::string_view forwarded_for) const;
    /// A connection was closed before any byte: reason as in docs/requests.md.
    void dropped(SourceAddress const& address, std::string_view reason);

private:
    /// Who asks: a page with its session, or automation with a token of its own. Never both.
    struct Asker {
        std::string token; // empty: nobody
        bool automation = false;
    };
    struct Guarded {
        RouteRow const* route;
        boost::json::object fields;
        Asker asker;
    };
    void handle_route(HttpRequest const& request, Target const& target, Respond const& respond);
    [[nodiscard]] std::optional<HttpResponse>
    guard(HttpRequest const& request, RouteRow const& route, Asker const& asker) const;
    [[nodiscard]] std::optional<HttpResponse>
    guard_automation(HttpRequest const& request, std::string const& token) const;
    /// The same for a WebSocket; refuses by itself.
    [[nodiscard]] std::optional<Guarded>
    guard_socket(HttpRequest const& request, Respond const& refused) const;
    /// What policyd says to a page that wants a socket: the files that come with a yes, or a
    /// refusal.
    [[nodiscard]] static std::function<void(Result<PolicyLink::Reply>)> when_socket_answered(
        Guarded const& guarded,
        Language language,
        Respond const& refused,
        std::function<void(std::vector<Fd>)> accepted
    );
    [[nodiscard]] std::optional<HttpResponse>
    check_proof(HttpRequest const& request, RouteRow const& route, boost::json::object& fields);
    [[nodiscard]] HttpResponse
    challenge(HttpRequest const& request, boost::json::object const& fields) const;
    void ask_policyd(HttpRequest const& request, Guarded guarded, Respond const& respond);
    Result<> take(PolicyLink::Reply reply);
    void connect();
    void reconnect();

    boost::asio::io_context& context_;
    std::string door_, socket_path_;
    RouteTable routes_;
    StaticFiles files_;
    Browsers browsers_;
    Challenges challenges_;
    Told told_;
    std::shared_ptr<PolicyLink> control_;
    boost::asio::steady_timer retry_;
};

/// The language a browser asks for, French unless it prefers English.
[[nodiscard]] Language language_of(std::string_view accept_language);

} // namespace ecluse::web
