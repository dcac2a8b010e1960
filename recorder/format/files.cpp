#include "recorder/format/files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ecluse::recording {

Result<RecordingFiles> RecordingFiles::from_folder(std::string const& folder)
{
    RecordingFiles files;
    for (auto const name : file_names) {
        auto const path = folder + "/" + std::string{name};
        // Not blocking: somebody may have put a pipe there.
        Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK)};
        if (!file && errno == ENOENT) continue;
        if (!file) return os_error("open " + path);
        files.files_.emplace(name, std::move(file));
    }
    if (files.files_.empty()) return Error{Errc::not_found, folder + ": no recording"};
    return files;
}

Result<RecordingFiles>
RecordingFiles::from_descriptors(std::vector<std::string> const& names, std::vector<Fd> descriptors)
{
    if (names.size() != descriptors.size())
        return Error{Errc::malformed, "recording files: names and descriptors differ"};
    RecordingFiles files;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (std::find(file_names.begin(), file_names.end(), names[i]) == file_names.end() ||
            !files.files_.emplace(names[i], std::move(descriptors[i])).second)
            return Error{Errc::malformed, "recording files: unexpected name"};
    }
    return files;
}

Result<std::uint64_t> RecordingFiles::size(std::string_view name) const
{
    auto const at = files_.find(name);
    if (at == files_.end()) return Error{Errc::not_found, std::string{name} + ": missing"};
    struct stat facts {};
    if (::fstat(at->second.get(), &facts) != 0) return os_error(name);
    if (!S_ISREG(facts.st_mode)) return Error{Errc::malformed, std::string{name} + ": not a file"};
    return static_cast<std::uint64_t>(facts.st_size);
}

Result<std::string> RecordingFiles::read(std::string_view name, std::size_t bytes_max) const
{
    auto const bytes = ECLUSE_TRY(size(name));
    if (bytes > bytes_max) return Error{Errc::too_large, std::string{name} + ": too large"};
    return read_at(name, 0, static_cast<std::size_t>(bytes));
}

Result<std::string>
RecordingFiles::read_at(std::string_view name, std::uint64_t offset, std::size_t length) const
{
    auto const at = files_.find(name);
    if (at == files_.end()) return Error{Errc::not_found, std::string{name} + ": missing"};
    std::string bytes(length, '\0');
    std::size_t have = 0;
    while (have < length) {
        auto const got = ::pread(
            at->second.get(), bytes.data() + have, length - have, static_cast<off_t>(offset + have)
        );
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return os_error(name);
        if (got == 0) return Error{Errc::corrupt, std::string{name} + ": ends too early"};
        have += static_cast<std::size_t>(got);
    }
    return bytes;
}

} // namespace ecluse::recording
