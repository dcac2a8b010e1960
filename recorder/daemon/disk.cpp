#include "recorder/daemon/disk.h"

#include "common/fd.h"
#include "common/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace ecluse::recorder {

std::string_view to_word(DiskState state)
{
    switch (state) {
    case DiskState::ok:
        return "ok";
    case DiskState::warn:
        return "warn";
    case DiskState::refuse:
        return "refuse";
    case DiskState::end:
        return "end";
    }
    return "end";
}

DiskState state_for(std::uint64_t free_bytes, Options const& options)
{
    if (free_bytes < options.end_bytes) return DiskState::end;
    if (free_bytes < options.refuse_bytes) return DiskState::refuse;
    if (free_bytes < options.warn_bytes) return DiskState::warn;
    return DiskState::ok;
}

DiskState Disk::refresh()
{
    struct statvfs facts {};
    free_bytes_ = 0;
    if (::statvfs(options_.recordings.c_str(), &facts) == 0) {
        free_bytes_ = std::uint64_t{facts.f_bavail} * facts.f_frsize;
        // A file system without inodes left cannot take another recording either.
        if (facts.f_files != 0 && facts.f_favail == 0) free_bytes_ = 0;
    }
    state_ = state_for(free_bytes_, options_);
    if (!reserved_ && free_bytes_ >= options_.refuse_bytes + options_.reserve_bytes) take_reserve();
    return state_;
}

void Disk::take_reserve()
{
    auto const path = options_.recordings + "/.reserve";
    Fd const file{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (file && options_.reserve_bytes > 0 &&
        ::posix_fallocate(file.get(), 0, static_cast<off_t>(options_.reserve_bytes)) == 0)
        reserved_ = true;
}

void Disk::release_reserve()
{
    reserved_ = false;
    auto const path = options_.recordings + "/.reserve";
    if (::truncate(path.c_str(), 0) == 0)
        log(LogLevel::warning, "the disk reserve is given up to write seals");
}

} // namespace ecluse::recorder
