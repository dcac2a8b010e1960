#include "common/fd.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ecluse {

void Fd::reset()
{
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Result<Fd> Fd::duplicate() const
{
    int const copy = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return os_error("duplicate descriptor");
    return Fd{copy};
}

Result<> write_all(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        auto const written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR) continue;
            return os_error("write");
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<std::string> read_all(int fd, std::size_t bytes_max)
{
    std::string content;
    char buffer[16384];
    for (;;) {
        auto const got = ::read(fd, buffer, sizeof buffer);
        if (got < 0) {
            if (errno == EINTR) continue;
            return os_error("read");
        }
        if (got == 0) return content;
        if (content.size() + static_cast<std::size_t>(got) > bytes_max)
            return Error{
                Errc::too_large, "read: more than " + std::to_string(bytes_max) + " bytes"};
        content.append(buffer, static_cast<std::size_t>(got));
    }
}

Result<std::string> read_file(std::string const& path, std::size_t bytes_max)
{
    Fd const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (!file) return os_error("open " + path);
    auto content = read_all(file.get(), bytes_max);
    if (!content) return content.error().within(path);
    return content;
}

Result<> write_file_durably(std::string const& path, std::string_view bytes, unsigned mode)
{
    auto const slash = path.rfind('/');
    std::string const folder = slash == std::string::npos ? "." : path.substr(0, slash);
    std::string const beside = path + ".new";
    {
        Fd const file{
            ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)};
        if (!file) return os_error("create " + beside);
        ECLUSE_TRY(write_all(file.get(), bytes));
        if (::fsync(file.get()) != 0) return os_error("sync " + beside);
    }
    if (::rename(beside.c_str(), path.c_str()) != 0) return os_error("rename " + beside);
    Fd const directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory) return os_error("open " + folder);
    if (::fsync(directory.get()) != 0) return os_error("sync " + folder);
    return {};
}

Result<Fd> memory_file(std::string_view name, std::string_view bytes)
{
    Fd file{::memfd_create(std::string{name}.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!file) return os_error("create memory file");
    ECLUSE_TRY(write_all(file.get(), bytes));
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return os_error("rewind memory file");
    int const seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (::fcntl(file.get(), F_ADD_SEALS, seals) != 0) return os_error("seal memory file");
    return file;
}

Result<> set_nonblocking(int fd, bool on)
{
    int const flags = ::fcntl(fd, F_GETFL);
    if (flags < 0) return os_error("read descriptor flags");
    int const wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    if (::fcntl(fd, F_SETFL, wanted) != 0) return os_error("set descriptor flags");
    return {};
}

} // namespace ecluse
