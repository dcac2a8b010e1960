#include "common/log.h"
#include "common/notify.h"
#include "common/sandbox.h"
#include "gateway/listen/listener.h"

#include <arpa/inet.h>
#include <cstdio>
#include <cstring>
#include <exception>
#include <netinet/in.h>
#include <sys/socket.h>

namespace {

using namespace ecluse;

constexpr int backlog = 512;

Result<Fd> listen_on(listen::Options const& options)
{
    sockaddr_storage address{};
    socklen_t size = 0;
    auto& four = reinterpret_cast<sockaddr_in&>(address);
    auto& six = reinterpret_cast<sockaddr_in6&>(address);
    if (::inet_pton(AF_INET, options.address.c_str(), &four.sin_addr) == 1) {
        four.sin_family = AF_INET;
        four.sin_port = htons(options.port);
        size = sizeof four;
    } else if (::inet_pton(AF_INET6, options.address.c_str(), &six.sin6_addr) == 1) {
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(options.port);
        size = sizeof six;
    } else {
        return Error{Errc::malformed, "--address: not an address"};
    }
    Fd socket{::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    int const on = 1;
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return os_error("create socket");
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0)
        return os_error("bind " + options.address + " port " + std::to_string(options.port));
    if (::listen(socket.get(), backlog) != 0) return os_error("listen");
    return socket;
}

/// The worker inherits our Landlock: what it starts must be allowed here.
std::vector<std::string> programs_of(listen::Options const& options)
{
    auto programs = options.helpers;
    programs.push_back(options.worker);
    if (!options.terminal.empty()) programs.push_back(options.terminal);
    return programs;
}

Result<> serve(listen::Options const& options)
{
    auto passed = ECLUSE_TRY(listen_descriptors());
    bool const own = passed.empty();
    auto socket = own ? ECLUSE_TRY(listen_on(options)) : std::move(passed.front().fd);
    auto policy = ECLUSE_TRY(PacketSocket::connect(options.policy_socket));
    auto const confined = ECLUSE_TRY(
        confine(ProcessRole::listener, {{"/dev/null"}, {"/dev/null"}, programs_of(options)})
    );
    log(LogLevel::info, confined.describe());
    listen::Listener listener{options, std::move(socket), std::move(policy)};
    ECLUSE_TRY(listener.greet());
    if (own) {
        // Whoever asked for "any free port" wants to know.
        std::printf("port %u\n", static_cast<unsigned>(listener.port()));
        std::fflush(stdout);
    }
    notify_ready("accepting on port " + std::to_string(listener.port()));
    return listener.run();
}

} // namespace

int main(int count, char** words)
{
    set_log_name("ecluse-listen");
    try {
        auto const options = listen::parse_options(count, words);
        if (!options) {
            log(LogLevel::error, options.error().what);
            return 2;
        }
        if (options->help) {
            std::puts("ecluse-listen [--root DIR] [--door ssh|rdp] [--address IP] [--port N] "
                      "[--worker PATH]");
            return 0;
        }
        auto const served = serve(*options);
        if (!served) log(LogLevel::error, served.error().what);
    } catch (std::exception const& fault) {
        log(LogLevel::error, fault.what());
    }
    return 1;
}
