#pragma once

#include "admin-web/server/site.h"
#include "common/fd.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <string>

/// Accepts, counts, and lets each connection live by its limits.
namespace ecluse::web {

// Every phase of a connection has a bound: nobody holds a place by being slow.
constexpr std::size_t header_bytes_max = 8 * 1024;
/// A request is one packet to policyd, 64 KiB with its envelope.
constexpr std::size_t body_bytes_max = 60 * 1024;
constexpr std::size_t requests_per_connection_max = 1000;

struct Times {
    std::chrono::milliseconds handshake{10'000}, header{10'000}, body{10'000}, idle{60'000};
    /// For a response; a long one has as much again for each MiB.
    std::chrono::milliseconds write{30'000};
    std::chrono::milliseconds linger{1'000};
};

/// Who is connected, from where. Belongs to the connections as well: those that are open when the
/// program stops are destroyed with the io_context, after the server.
struct Places {
    std::map<std::string, std::size_t> per_source;
    std::size_t total = 0;
};

class HttpServer {
public:
    HttpServer(boost::asio::io_context& context, Fd listener, Site& site, Times times = {});
    void start();

    // For its connections.
    [[nodiscard]] Site& site() { return site_; }
    [[nodiscard]] Times const& times() const { return times_; }
    [[nodiscard]] std::string const& date();

private:
    void accept();
    void take(boost::asio::ip::tcp::socket socket);

    boost::asio::io_context& context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    Site& site_;
    Times times_;
    std::shared_ptr<Places> places_ = std::make_shared<Places>();
    std::int64_t date_at_ = 0;
    std::string date_;
};

} // namespace ecluse::web
