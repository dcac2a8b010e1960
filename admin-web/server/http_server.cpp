#include "admin-web/server/http_server.h"

#include "admin-web/server/http_connection.h"
#include "admin-web/server/http_head.h"
#include "common/log.h"

#include <boost/asio/error.hpp>

#include <ctime>
#include <sys/socket.h>

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

namespace ecluse::web {
namespace {

/// When descriptors run out, accepting at once again would only burn a core.
constexpr std::chrono::milliseconds pause_when_full{100};

std::optional<SourceAddress> peer_of(Tcp::socket& socket)
{
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(socket.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size) != 0)
        return std::nullopt;
    auto const address = SourceAddress::from_socket(peer);
    return address ? std::optional{*address} : std::nullopt;
}

int family_of(int socket)
{
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) != 0) return AF_INET;
    return own.ss_family;
}

/// Counted until the last copy of the result is gone.
std::shared_ptr<void> take_place(std::shared_ptr<Places> places, std::string const& address)
{
    ++places->total;
    ++places->per_source[address];
    auto* const counted = places.get();
    return {counted, [places = std::move(places), address](void*) {
                --places->total;
                auto const found = places->per_source.find(address);
                if (--found->second == 0) places->per_source.erase(found);
            }};
}

} // namespace

HttpServer::HttpServer(asio::io_context& context, Fd listener, Site& site, Times times)
    : context_{context}, acceptor_{context}, pause_{context}, site_{site}, times_{times}
{
    auto const protocol = family_of(listener.get()) == AF_INET6 ? Tcp::v6() : Tcp::v4();
    acceptor_.assign(protocol, listener.release());
    acceptor_.non_blocking(true);
}

void HttpServer::start()
{
    accept();
}

void HttpServer::accept()
{
    acceptor_.async_accept([this](boost::system::error_code code, Tcp::socket socket) {
        if (code == asio::error::operation_aborted) return;
        if (!code) {
            take(std::move(socket));
            return accept();
        }
        log(LogLevel::warning, "accept: " + code.message());
        pause_.expires_after(pause_when_full);
        pause_.async_wait([this](boost::system::error_code) { accept(); });
    });
}

void HttpServer::take(Tcp::socket socket)
{
    auto const peer = peer_of(socket);
    if (!peer) return;
    auto const& told = site_.told();
    auto const is_proxy =
        std::find(told.proxies.begin(), told.proxies.end(), *peer) != told.proxies.end();
    auto const key = peer->to_string();
    auto const drop = [&](char const* why) { site_.dropped(*peer, why); };
    // Before a byte of TLS: an address that nobody declared costs nothing and learns nothing
    // (CLAUSIER:O-12.2.5.3). A listed proxy is judged request by request.
    if (told.declared_only && !is_proxy && !site_.is_declared(*peer)) return drop("undeclared");
    if (places_->total >= static_cast<std::size_t>(told.connections_max)) return drop("total_cap");
    auto const here = places_->per_source.find(key);
    if (!is_proxy && here != places_->per_source.end() &&
        here->second >= static_cast<std::size_t>(told.per_source_max))
        return drop("source_cap");
    auto place = take_place(places_, key);
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.set_option(Tcp::no_delay{true}, ignored);
    serve_connection(*this, std::move(socket), *peer, std::move(place));
}

std::string const& HttpServer::date()
{
    auto const now = static_cast<std::int64_t>(std::time(nullptr));
    if (now != date_at_) {
        date_at_ = now;
        date_ = http_date(now);
    }
    return date_;
}

} // namespace ecluse::web
