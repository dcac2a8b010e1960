#include "common/log.h"
#include "common/sandbox.h"
#include "gateway/rdp/module.h"
#include "gateway/rdp/proxy_settings.h"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <freerdp/channels/channels.h>
#include <freerdp/channels/wtsvc.h>
#include <freerdp/server/proxy/proxy_config.h>
#include <freerdp/server/proxy/proxy_server.h>
#include <malloc.h>
#include <memory>
#include <thread>
#include <unistd.h>
#include <winpr/ssl.h>
#include <winpr/winsock.h>
#include <winpr/wlog.h>
#include <winpr/wtsapi.h>

namespace {

using namespace ecluse;

/// Where the listener puts what this process is for (docs/requests.md §2).
constexpr int vendor_descriptor = 3;
constexpr int policy_descriptor = 4;
/// FreeRDP waits in its own end for what may never come: the process goes all the same.
constexpr std::chrono::seconds farewell_limit{1};

struct Free {
    void operator()(proxyConfig* config) const { ::pf_server_config_free(config); }
};

/// Everything FreeRDP reads from files it reads here, and nothing of the vendor's.
bool prepare_freerdp()
{
    // Its lines hold names of persons, hosts and targets.
    if (!::WLog_SetLogLevel(::WLog_GetRoot(), WLOG_OFF)) return false;
    if (!::WTSRegisterWtsApiFunctionTable(::FreeRDP_InitWtsApi())) return false;
    // NLA with a target needs MD4 and RC4: OpenSSL's legacy provider, which is a file.
    if (!::winpr_InitializeSSL(WINPR_SSL_INIT_DEFAULT)) return false;
    WSADATA data{};
    return ::WSAStartup(MAKEWORD(2, 2), &data) == 0;
}

[[noreturn]] void leave(int status, proxyServer* server)
{
    std::thread{[status] {
        std::this_thread::sleep_for(farewell_limit);
        ::_exit(status);
    }}.detach();
    ::pf_server_free(server);
    ::_exit(status);
}

int serve()
{
    for (int const fd : {vendor_descriptor, policy_descriptor}) {
        if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
            log(LogLevel::error, "started without its descriptors");
            return 2;
        }
    }
    ::signal(SIGPIPE, SIG_IGN);
    // FreeRDP makes no settings without a home, whose files it will not find; and a clock without a
    // zone looks for one again and again.
    ::setenv("HOME", "/nonexistent", 1);
    ::setenv("TZ", "UTC0", 1);
    // A reserve of address space per thread would count against the limit.
    ::mallopt(M_ARENA_MAX, 2);
    auto seat = rdp::EncoderSeat::start({vendor_descriptor, policy_descriptor});
    if (!seat) {
        log(LogLevel::error, seat.error().what);
        return 2;
    }
    if (!prepare_freerdp()) return 2;
    auto const confined = confine(ProcessRole::rdp_worker);
    if (!confined) {
        log(LogLevel::error, confined.error().what);
        return 2;
    }
    log(LogLevel::debug, confined->describe());
    auto policy = rdp::PolicyLink::open(Fd{policy_descriptor});
    if (!policy) {
        log(LogLevel::error, policy.error().what);
        return 1;
    }
    auto hello = policy->hello();
    if (!hello) {
        log(LogLevel::error, hello.error().what);
        return 1;
    }
    std::unique_ptr<proxyConfig, Free> config{::pf_server_config_load_buffer(
        rdp::proxy_configuration(hello->certificate, hello->key).reveal().data()
    )};
    if (!config) {
        log(LogLevel::error, "the door's certificate or key is not usable");
        return 1;
    }
    Fd vendor{vendor_descriptor};
    auto spare = vendor.duplicate();
    if (!spare) return 1;
    // The session outlives the threads of the library, which end with the process.
    auto* const session = new rdp::Session{
        std::move(*spare), std::move(*policy), std::move(hello->settings), std::move(*seat)};
    auto* const relay = new rdp::Relay{*session};
    rdp::set_relay(*relay);
    auto* const server = ::pf_server_new(config.get());
    config.reset();
    if (!server || !::pf_server_add_module(server, rdp::register_module, nullptr) ||
        !::pf_server_start_with_peer_socket(server, vendor.release())) {
        log(LogLevel::error, "FreeRDP does not start");
        return 1;
    }
    session->run();
    leave(0, server);
}

} // namespace

int main()
{
    ecluse::set_log_name("ecluse-rdp-worker");
    try {
        return serve();
    } catch (std::exception const& fault) {
        ecluse::log(ecluse::LogLevel::error, fault.what());
        return 1;
    }
}
