#include "common/log.h"
#include "common/packet.h"
#include "common/sandbox.h"
#include "recorder/encode/session.h"

#include <exception>
#include <fcntl.h>

namespace {

/// Where the worker leaves the control socket (docs/requests.md §3bis).
constexpr int control_descriptor = 3;

int serve()
{
    using namespace ecluse;
    if (::fcntl(control_descriptor, F_SETFD, FD_CLOEXEC) != 0) {
        log(LogLevel::error, "started without its descriptor");
        return 2;
    }
    encode::prepare_libraries();
    auto const confined = confine(ProcessRole::encoder);
    if (!confined) {
        log(LogLevel::error, confined.error().what);
        return 2;
    }
    log(LogLevel::debug, confined->describe());
    PacketSocket control{Fd{control_descriptor}};
    auto order = encode::receive_order(control);
    if (!order) {
        log(LogLevel::error, order.error().what);
        return 1;
    }
    auto const name = order->session;
    encode::Session session{*std::move(order), std::move(control)};
    auto const ended = session.run();
    if (ended) return 0;
    log(LogLevel::error, name + ": " + ended.error().what);
    return 1;
}

} // namespace

int main()
{
    ecluse::set_log_name("ecluse-encode");
    try {
        return serve();
    } catch (std::exception const& fault) {
        ecluse::log(ecluse::LogLevel::error, fault.what());
        return 1;
    }
}
