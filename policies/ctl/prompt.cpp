#include "policies/ctl/prompt.h"

#include "common/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

namespace ecluse::ctl {
namespace {

/// The terminal goes back to what it was, however we leave.
class Quiet {
public:
    Quiet(int fd, bool echo) : fd_{fd}
    {
        if (echo || tcgetattr(fd_, &before_) != 0) return;
        auto quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
    }
    ~Quiet()
    {
        if (changed_) tcsetattr(fd_, TCSAFLUSH, &before_);
    }
    Quiet(Quiet const&) = delete;
    Quiet& operator=(Quiet const&) = delete;

private:
    int fd_;
    termios before_{};
    bool changed_ = false;
};

Result<Secret> read_line(int fd)
{
    std::string line;
    char byte = 0;
    for (;;) {
        auto const got = ::read(fd, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return os_error("read");
        if (got == 0 || byte == '\n') break;
        if (line.size() >= answer_bytes_max) {
            wipe(line);
            return Error{Errc::too_large, "answer"};
        }
        line += byte;
    }
    if (line.ends_with('\r')) line.pop_back();
    return Secret{line};
}

} // namespace

Result<Secret> ask_terminal(std::string_view prompt, bool echo)
{
    Fd const terminal{::open("/dev/tty", O_RDWR | O_CLOEXEC)};
    if (!terminal) return Error{Errc::unavailable, "no terminal"};
    ECLUSE_TRY(write_all(terminal.get(), prompt));
    Quiet const quiet{terminal.get(), echo};
    auto answer = ECLUSE_TRY(read_line(terminal.get()));
    if (!echo) ECLUSE_TRY(write_all(terminal.get(), "\n"));
    return answer;
}

Result<Secret> read_secret(std::string const& path)
{
    if (path == "-") return read_line(STDIN_FILENO);
    Fd const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) return os_error("open " + path);
    struct stat seen {};
    if (::fstat(file.get(), &seen) != 0) return os_error("stat " + path);
    // A secret that others can read is not one. Pipes (process substitution) have no such mode.
    if (S_ISREG(seen.st_mode) && (seen.st_mode & 077U) != 0)
        return Error{Errc::refused, path + ": readable by others (chmod 600)"};
    return read_line(file.get());
}

} // namespace ecluse::ctl
