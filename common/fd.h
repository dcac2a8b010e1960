#pragma once

#include "common/result.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ecluse {

/// Owns one file descriptor; closes it, cannot be copied.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_{fd} {}
    Fd(Fd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    Fd& operator=(Fd&& other) noexcept
    {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    ~Fd() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
    void reset();
    /// A second descriptor of the same file, close-on-exec.
    [[nodiscard]] Result<Fd> duplicate() const;

private:
    int fd_ = -1;
};

/// All bytes or an error; retries on EINTR and short writes.
Result<> write_all(int fd, std::string_view bytes);
/// The whole file from its current position; `bytes_max` is refused beyond, never truncated.
[[nodiscard]] Result<std::string> read_all(int fd, std::size_t bytes_max);
[[nodiscard]] Result<std::string> read_file(std::string const& path, std::size_t bytes_max);
/// Writes beside, syncs, renames over, syncs the folder: a reader sees the old or the new whole.
Result<> write_file_durably(std::string const& path, std::string_view bytes, unsigned mode = 0600);
/// A sealed anonymous file holding `bytes`, rewound: how a document travels in a packet.
[[nodiscard]] Result<Fd> memory_file(std::string_view name, std::string_view bytes);
Result<> set_nonblocking(int fd, bool on);

} // namespace ecluse
