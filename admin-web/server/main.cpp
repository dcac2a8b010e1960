#include "admin-web/server/http_server.h"
#include "admin-web/server/listen_address.h"
#include "admin-web/server/options.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/sandbox.h"

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <sys/stat.h>

namespace {

using namespace ecluse;
using namespace std::chrono_literals;
namespace asio = boost::asio;

/// policyd may start at the same time as we do.
constexpr auto policyd_wait_max = 60s;
constexpr auto policyd_try_every = 250ms;

/// systemd's sign of life, from this very loop.
class Alive {
public:
    explicit Alive(asio::io_context& context) : timer_{context}, period_{watchdog_interval()} {}
    void start()
    {
        if (!period_) return;
        notify_alive();
        timer_.expires_after(*period_ / 2);
        timer_.async_wait([this](boost::system::error_code code) {
            if (!code) start();
        });
    }

private:
    asio::steady_timer timer_;
    std::optional<std::chrono::milliseconds> period_;
};

Result<> greet(web::Site& site)
{
    auto const until = std::chrono::steady_clock::now() + policyd_wait_max;
    for (;;) {
        auto done = site.greet();
        if (done || std::chrono::steady_clock::now() >= until) return done;
        if (done.error().code != Errc::io && done.error().code != Errc::not_found &&
            done.error().code != Errc::unavailable)
            return done;
        timespec pause{};
        pause.tv_nsec = std::chrono::nanoseconds{policyd_try_every}.count();
        ::nanosleep(&pause, nullptr);
    }
}

Result<> serve(web::Options const& options)
{
    auto passed = ECLUSE_TRY(listen_descriptors());
    bool const own = passed.empty();
    auto listener = own ? ECLUSE_TRY(web::listen_on(options.address, options.port))
                        : std::move(passed.front().fd);
    auto const bound = ECLUSE_TRY(web::bound_of(listener.get()));
    auto pages = ECLUSE_TRY(web::StaticFiles::load(options.pages));
    if (pages.count() == 0) log(LogLevel::warning, "no pages in " + options.pages);
    asio::io_context context{1};
    web::Site site{context, options.door, options.socket, std::move(pages)};
    ECLUSE_TRY(greet(site));
    // CLAUSIER:O-5.3: the administration is reachable from inside only.
    if (!bound.is_internal && !site.told().allow_public)
        return Error{
            Errc::refused,
            options.door + " on " + bound.address +
                ": a wildcard or public address; give an internal one, or set [console] "
                "allow_public = true"};
    auto const confined = ECLUSE_TRY(confine(ProcessRole::web, {}));
    log(LogLevel::info, confined.describe());
    web::HttpServer server{context, std::move(listener), site};
    asio::signal_set signals{context, SIGTERM, SIGINT};
    signals.async_wait([&context](boost::system::error_code code, int) {
        if (!code) context.stop();
    });
    site.start();
    server.start();
    if (own) {
        // Whoever asked for "any free port" wants to know.
        std::printf("port %u\n", static_cast<unsigned>(bound.port));
        std::fflush(stdout);
    }
    notify_ready(options.door + " on port " + std::to_string(bound.port));
    Alive alive{context};
    alive.start();
    context.run();
    notify_stopping("closing");
    return {};
}

} // namespace

int main(int count, char** words)
{
    set_log_name("ecluse-web");
    ::umask(0077);
    // OpenSSL writes to sockets that may be closed; the error says so as well.
    ::signal(SIGPIPE, SIG_IGN);
    try {
        auto const options = web::parse_options(count, words);
        if (!options) {
            log(LogLevel::error, options.error().what);
            return 2;
        }
        if (options->help) {
            std::puts("ecluse-web --door portal|console [--root DIR] [--address IP] [--port N] "
                      "[--pages DIR]");
            return 0;
        }
        auto const served = serve(*options);
        if (served) return 0;
        log(LogLevel::error, served.error().what);
    } catch (std::exception const& fault) {
        log(LogLevel::error, fault.what());
    }
    return 1;
}
