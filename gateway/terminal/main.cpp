#include "common/log.h"
#include "common/sandbox.h"
#include "gateway/terminal/bridge.h"

#include <openssl/crypto.h>

#include <exception>
#include <fcntl.h>

namespace {

using namespace ecluse;

/// Where the listener puts what this process is for (docs/requests.md §3ter).
constexpr int worker_descriptor = 3;
constexpr int page_descriptor = 4;
constexpr int policy_descriptor = 5;

/// How the session ended for the page, when policyd did not say it better.
std::string_view relay(terminal::Client& client, terminal::Bridge& bridge, Result<> const& opened)
{
    if (!opened) {
        log(LogLevel::warning, opened.error().what);
        return "not_started";
    }
    auto const size = bridge.first_size();
    if (!size) return "protocol";
    if (auto const shell = client.open_shell(*size); !shell) {
        log(LogLevel::warning, shell.error().what);
        return "not_started";
    }
    bridge.run();
    return "ended";
}

int serve()
{
    for (int const fd : {worker_descriptor, page_descriptor, policy_descriptor}) {
        if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
            log(LogLevel::error, "started without its descriptors");
            return 2;
        }
    }
    // What libraries read from files they read now.
    if (OPENSSL_init_crypto(
            OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS, nullptr
        ) != 1 ||
        ssh_init() != SSH_OK)
        return 2;
    // The same rights as the worker beside it: what it holds, and nothing else.
    auto const confined = confine(ProcessRole::ssh_worker);
    if (!confined) {
        log(LogLevel::error, confined.error().what);
        return 2;
    }
    log(LogLevel::debug, confined->describe());
    PacketSocket policy{Fd{policy_descriptor}};
    auto const orders = terminal::receive_orders(policy);
    if (!orders) {
        log(LogLevel::error, orders.error().what);
        return 1;
    }
    terminal::Client client{Fd{worker_descriptor}};
    terminal::Bridge bridge{client, Fd{page_descriptor}, std::move(policy)};
    auto const reason = relay(client, bridge, client.log_in(*orders));
    client.leave();
    bridge.say_end(reason);
    return 0;
}

} // namespace

int main()
{
    ecluse::set_log_name("ecluse-terminal");
    try {
        return serve();
    } catch (std::exception const& fault) {
        ecluse::log(ecluse::LogLevel::error, fault.what());
        return 1;
    }
}
