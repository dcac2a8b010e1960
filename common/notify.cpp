#include "common/notify.h"

#include "common/log.h"
#include "common/packet.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace ecluse {
namespace {

constexpr int first_passed_descriptor = 3;
/// systemd's own default for a socket unit is far below.
constexpr int passed_descriptors_max = 4096;
/// A status is one line in a terminal.
constexpr std::size_t status_bytes_max = 512;

template <class Number> std::optional<Number> number_in_environment(char const* name)
{
    char const* const text = std::getenv(name);
    if (!text) return std::nullopt;
    Number number{};
    auto const* const end = text + std::strlen(text);
    auto const [stop, error] = std::from_chars(text, end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

/// A new socket each time: it works the same before and after confine(), and needs no global.
Result<> send_to_manager(std::string const& text)
{
    char const* const path = std::getenv("NOTIFY_SOCKET");
    if (!path || !*path) return Error{Errc::unavailable, "notify: not started by systemd"};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::size_t const length = std::strlen(path);
    if (length >= sizeof address.sun_path) return Error{Errc::malformed, "notify: long path"};
    std::memcpy(address.sun_path, path, length);
    if (path[0] == '@') address.sun_path[0] = '\0';

    Fd const socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!socket) return os_error("notify: socket");
    std::string body = text;
    iovec part{.iov_base = body.data(), .iov_len = body.size()};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    // A manager that does not read must not stop a daemon.
    if (::sendmsg(socket.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return os_error("notify: send");
    return {};
}

void tell(std::string const& text)
{
    if (auto const sent = send_to_manager(text); !sent && sent.error().code != Errc::unavailable)
        log(LogLevel::warning, sent.error().what);
}

/// Lines are assignments there: a status must stay one line.
std::string one_line(std::string_view status)
{
    std::string line{status.substr(0, status_bytes_max)};
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

std::vector<std::string> split_names(std::string_view text)
{
    std::vector<std::string> names;
    while (!text.empty()) {
        auto const colon = text.find(':');
        names.emplace_back(text.substr(0, colon));
        text = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
    }
    return names;
}

} // namespace

void notify_ready(std::string_view status)
{
    tell("READY=1\nSTATUS=" + one_line(status));
}

void notify_status(std::string_view status)
{
    tell("STATUS=" + one_line(status));
}

void notify_stopping(std::string_view status)
{
    tell("STOPPING=1\nSTATUS=" + one_line(status));
}

void notify_alive()
{
    tell("WATCHDOG=1");
}

std::optional<std::chrono::milliseconds> watchdog_interval()
{
    auto const micros = number_in_environment<std::int64_t>("WATCHDOG_USEC");
    if (!micros || *micros <= 0) return std::nullopt;
    // Set for another process, and inherited.
    auto const process = number_in_environment<pid_t>("WATCHDOG_PID");
    if (std::getenv("WATCHDOG_PID") && process != ::getpid()) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds{*micros}
    );
}

Result<std::vector<NamedDescriptor>> listen_descriptors()
{
    std::vector<NamedDescriptor> found;
    // Set for another process, and inherited.
    if (number_in_environment<pid_t>("LISTEN_PID") != ::getpid()) return found;
    auto const count = number_in_environment<int>("LISTEN_FDS");
    if (!count || *count < 0 || *count > passed_descriptors_max)
        return Error{Errc::malformed, "LISTEN_FDS: not a usable number"};
    char const* const names_text = std::getenv("LISTEN_FDNAMES");
    auto const names = split_names(names_text ? names_text : "");
    for (int i = 0; i < *count; ++i) {
        int const fd = first_passed_descriptor + i;
        if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return os_error("LISTEN_FDS");
        auto const index = static_cast<std::size_t>(i);
        found.push_back({index < names.size() ? names[index] : "", Fd{fd}});
    }
    return found;
}

Result<Fd>
take_packet_listener(std::vector<NamedDescriptor>& passed, std::string const& path, unsigned mode)
{
    auto const name = std::string_view{path}.substr(path.rfind('/') + 1);
    auto const found = std::find_if(passed.begin(), passed.end(), [&](auto const& one) {
        return one.name == name;
    });
    if (found == passed.end()) return listen_packets(path, mode);
    Fd taken = std::move(found->fd);
    passed.erase(found);
    // What we were given must be what we asked for: a stream socket has no packets to bound.
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(taken.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0)
        return os_error("passed socket " + path);
    if (type != SOCK_SEQPACKET)
        return Error{Errc::malformed, "passed socket " + path + ": not a packet socket"};
    // systemd leaves it blocking; accept_packets expects "nothing waits" as an answer.
    ECLUSE_TRY(set_nonblocking(taken.get(), true));
    return taken;
}

} // namespace ecluse
