#include "gateway/rdp/encoder_seat.h"

#include "common/json.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ecluse::rdp {
namespace {

constexpr int control_descriptor = 3;
constexpr char const* encoder_name = "ecluse-encode";

/// Beside this program, wherever it is installed.
Result<std::string> encoder_path()
{
    std::array<char, 4096> self{};
    auto const size = ::readlink("/proc/self/exe", self.data(), self.size());
    if (size <= 0 || static_cast<std::size_t>(size) == self.size())
        return os_error("find the encoder");
    std::string const path{self.data(), static_cast<std::size_t>(size)};
    return path.substr(0, path.rfind('/') + 1) + encoder_name;
}

[[noreturn]] void wait_and_become(int control, std::string const& path)
{
    // Nothing may outlive the worker: it is the only one who could still end this process.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (control != control_descriptor) {
        ::dup2(control, control_descriptor);
        ::close(control);
    } else {
        ::fcntl(control_descriptor, F_SETFD, 0);
    }
    ::close_range(control_descriptor + 1, ~0U, 0);
    char byte = 0;
    ssize_t got = 0;
    do
        got = ::recv(control_descriptor, &byte, 1, MSG_PEEK);
    while (got < 0 && errno == EINTR);
    if (got <= 0) ::_exit(0);
    ::prctl(PR_SET_PDEATHSIG, 0); // it closes the recording properly when the worker dies
    std::array<char const*, 2> const words{path.c_str(), nullptr};
    std::array<char const*, 1> const environment{nullptr};
    ::execve(
        path.c_str(),
        const_cast<char* const*>(words.data()),
        const_cast<char* const*>(environment.data())
    );
    ::_exit(127);
}

} // namespace

Result<EncoderSeat> EncoderSeat::start(std::initializer_list<int> closing)
{
    auto const path = ECLUSE_TRY(encoder_path());
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return os_error("encoder's control socket");
    Fd ours{ends[0]};
    Fd theirs{ends[1]};
    // Nobody waits for it: its end is seen on its sockets.
    ::signal(SIGCHLD, SIG_IGN);
    auto const child = ::fork();
    if (child < 0) return os_error("fork the encoder");
    if (child == 0) {
        for (int const fd : closing)
            ::close(fd);
        ::close(ours.release());
        wait_and_become(theirs.get(), path);
    }
    return EncoderSeat{PacketSocket{std::move(ours)}};
}

Result<Fd> EncoderSeat::begin(
    std::string const& session,
    std::chrono::milliseconds stall,
    std::int64_t frames_per_second,
    Fd intake
)
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return os_error("feed");
    Fd ours{ends[0]};
    Fd const theirs{ends[1]};
    ECLUSE_TRY(control_.send(
        json::object{
            {"session", session},
            {"stall_ms", stall.count()},
            {"frames_per_second", frames_per_second}},
        {theirs.get(), intake.get()}
    ));
    return ours;
}

} // namespace ecluse::rdp
