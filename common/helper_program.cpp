#include "common/helper_program.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ecluse {
namespace {

/// Where the program finds its only socket.
constexpr int child_descriptor = 3;

/// Our programs stand side by side, in bin/ of a build and in libexec of an installation; what
/// people type stands in bin/ of the installation.
std::string path_of(std::string const& name)
{
    std::error_code ec;
    auto const folder = std::filesystem::read_symlink("/proc/self/exe", ec).parent_path();
    auto const beside = folder / name;
    if (std::filesystem::exists(beside, ec)) return beside.string();
    return (folder.parent_path() / "libexec" / "ecluse" / name).string();
}

Result<pid_t> spawn(std::string name, std::string verb, PacketSocket const& childs_end)
{
    auto const program = path_of(name);
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return os_error("start " + name);
    // Dup2 onto itself would keep close-on-exec, so the socket is moved out of the way first.
    int const high = ::fcntl(childs_end.fd(), F_DUPFD_CLOEXEC, child_descriptor + 1);
    posix_spawn_file_actions_adddup2(&actions, high, child_descriptor);
    char* arguments[] = {name.data(), verb.empty() ? nullptr : verb.data(), nullptr};
    char* environment[] = {nullptr};
    pid_t pid = -1;
    int const failed =
        posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    ::close(high);
    if (failed != 0) {
        errno = failed;
        return os_error("start " + program);
    }
    return pid;
}

} // namespace

Result<HelperProgram> HelperProgram::start(std::string const& name, std::string const& verb)
{
    auto [ours, childs] = ECLUSE_TRY(PacketSocket::pair());
    auto const pid = ECLUSE_TRY(spawn(name, verb, childs));
    return HelperProgram{pid, std::move(ours)};
}

HelperProgram::HelperProgram(HelperProgram&& other) noexcept
    : pid_{std::exchange(other.pid_, -1)}, socket_{std::move(other.socket_)}
{
}

HelperProgram::~HelperProgram()
{
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

} // namespace ecluse
