#include "policies/journal/witness.h"

#include "common/fd.h"
#include "common/split.h"
#include "policies/journal/chain.h"
#include "policies/journal/line.h"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace ecluse {
namespace {

constexpr auto file_name = "/heads.log";
constexpr std::size_t line_bytes_max = 256;
/// The head is near the end, unless the witness was away for long: then all of the file is read.
constexpr off_t tail_bytes = off_t{256} * 1024;

Result<off_t> size_of(int fd)
{
    struct stat status {};
    if (::fstat(fd, &status) != 0) return os_error("stat");
    if (!S_ISREG(status.st_mode)) return Error{Errc::refused, "not a file"};
    return status.st_size;
}

bool is_head(std::string_view text, JournalHead const& head)
{
    if (!text.ends_with(" " + head.link)) return false;
    auto const line = parse_journal_line(text);
    return line && line->sequence == head.sequence;
}

Result<bool> has_line(int fd, off_t from, WitnessedHead const& witnessed)
{
    if (::lseek(fd, from, SEEK_SET) < 0) return os_error("seek");
    LineReader reader{fd};
    for (;;) {
        auto const line = ECLUSE_TRY(reader.next(journal_line_bytes_max));
        if (!line) return false;
        if (is_head(*line, witnessed.head)) return true;
    }
}

Result<bool> holds(std::string const& path, WitnessedHead const& witnessed)
{
    Fd const fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!fd) return os_error("open " + path);
    LineReader first{fd.get()};
    auto const header_line = ECLUSE_TRY(first.next(journal_line_bytes_max));
    if (!header_line) return false;
    auto const header = ECLUSE_TRY(parse_journal_header(*header_line));
    if (header.chain != witnessed.chain) return false;
    auto const size = ECLUSE_TRY(size_of(fd.get()));
    if (size > tail_bytes && ECLUSE_TRY(has_line(fd.get(), size - tail_bytes, witnessed)))
        return true;
    return has_line(fd.get(), 0, witnessed);
}

} // namespace

std::string to_line(WitnessedHead const& witnessed)
{
    return witnessed.chain + " " + std::to_string(witnessed.head.sequence) + " " +
           witnessed.head.link + " " + witnessed.utc;
}

Result<WitnessedHead> parse_witnessed_head(std::string_view line)
{
    auto const words = split(line, ' ');
    Error const bad{Errc::malformed, "witness: not a head"};
    if (words.size() != 4) return bad;
    // The journal's own grammar judges every part.
    auto const header = parse_journal_header("ecluse-journal 1 " + std::string{words[0]} + " 1");
    auto const head = parse_journal_line(
        std::string{words[1]} + " " + std::string{words[3]} + " x " + std::string(64, '0') + " " +
        std::string{words[2]}
    );
    if (!header || !head) return bad;
    return WitnessedHead{header->chain, {head->sequence, head->link}, head->utc};
}

Result<std::optional<WitnessedHead>> last_witnessed(std::string const& folder)
{
    auto const path = folder + file_name;
    Fd const fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!fd && errno == ENOENT) {
        if (::access(folder.c_str(), R_OK | X_OK) != 0) return os_error("open " + folder);
        return std::optional<WitnessedHead>{};
    }
    if (!fd) return os_error("open " + path);
    auto const size = ECLUSE_TRY(size_of(fd.get()));
    auto const from = std::max<off_t>(0, size - static_cast<off_t>(4 * line_bytes_max));
    if (::lseek(fd.get(), from, SEEK_SET) < 0) return os_error("seek " + path);
    auto const tail = ECLUSE_TRY(read_all(fd.get(), 8 * line_bytes_max));
    std::optional<WitnessedHead> last;
    for (std::size_t at = 0, end = 0; (end = tail.find('\n', at)) != std::string::npos;
         at = end + 1)
        if (auto read = parse_witnessed_head(std::string_view{tail}.substr(at, end - at)))
            last = *std::move(read);
    if (!last && size > 0) return Error{Errc::corrupt, path + ": no head can be read"};
    return last;
}

Result<> append_witnessed(std::string const& folder, WitnessedHead const& witnessed)
{
    auto const path = folder + file_name;
    Fd const fd{::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!fd) return os_error("open " + path);
    auto const size = ECLUSE_TRY(size_of(fd.get()));
    char last = '\n';
    if (size > 0 && ::pread(fd.get(), &last, 1, size - 1) != 1) return os_error("read " + path);
    // A crash may have left half a line: it stays, by itself.
    ECLUSE_TRY(write_all(fd.get(), (last == '\n' ? "" : "\n") + to_line(witnessed) + "\n"));
    if (::fsync(fd.get()) != 0) return os_error("sync " + path);
    return {};
}

Result<bool> knows_head(std::string const& journal_folder, WitnessedHead const& witnessed)
{
    std::error_code wrong;
    for (auto const& entry : std::filesystem::directory_iterator{journal_folder, wrong}) {
        auto const name = entry.path().filename().string();
        if (name != "journal.log" && !name.starts_with("journal.log.J-")) continue;
        if (ECLUSE_TRY(holds(entry.path().string(), witnessed))) return true;
    }
    if (wrong) return Error{Errc::io, "read " + journal_folder + ": " + wrong.message()};
    return false;
}

} // namespace ecluse
