#include "policies/journal/excerpt.h"

#include "policies/journal/chain.h"
#include "policies/journal/line.h"

#include <algorithm>
#include <fcntl.h>

namespace ecluse {
namespace {

/// A pack travels as one document; beyond, the whole journal is the better evidence.
constexpr std::size_t excerpts_bytes_max = 64 * 1024 * 1024;

struct Log {
    Fd file;
    JournalHeader header;
    std::string header_line;
};

Result<Log> open_log(std::string const& path)
{
    Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!file) return os_error("open " + path);
    LineReader reader{file.get()};
    auto line = ECLUSE_TRY(reader.next(journal_line_bytes_max));
    if (!line) return Error{Errc::corrupt, path + ": empty"};
    auto header = ECLUSE_TRY(parse_journal_header(*line));
    if (::lseek(file.get(), reader.whole_bytes(), SEEK_SET) < 0) return os_error("seek " + path);
    return Log{std::move(file), std::move(header), *std::move(line)};
}

std::string excerpt_header(std::string const& chain, std::int64_t sequence, std::string const& link)
{
    return "ecluse-journal-excerpt 1 " + chain + " " + std::to_string(sequence) + " " + link + "\n";
}

Result<>
copy_runs(Log const& log, std::vector<std::int64_t> const& sequences, std::string& excerpts)
{
    LineReader reader{log.file.get()};
    auto wanted = std::lower_bound(sequences.begin(), sequences.end(), log.header.first);
    auto link = first_link(log.header_line);
    bool copying = false;
    while (copying || wanted != sequences.end()) {
        auto const text = ECLUSE_TRY(reader.next(journal_line_bytes_max));
        if (!text) break;
        auto const line = ECLUSE_TRY(parse_journal_line(*text));
        if (!line.is_checkpoint && wanted != sequences.end() && *wanted == line.sequence) {
            if (!copying) excerpts += excerpt_header(log.header.chain, line.sequence - 1, link);
            copying = true;
            ++wanted;
        }
        if (copying) excerpts += *text + "\n";
        if (excerpts.size() > excerpts_bytes_max) return Error{Errc::too_large, "journal excerpts"};
        copying = copying && !line.is_checkpoint;
        link = line.link;
    }
    return {};
}

} // namespace

Result<std::string> journal_excerpts(
    std::vector<std::string> const& log_paths, std::vector<std::int64_t> const& sequences
)
{
    std::vector<Log> logs;
    for (auto const& path : log_paths)
        logs.push_back(ECLUSE_TRY(open_log(path)));
    std::sort(logs.begin(), logs.end(), [](auto const& a, auto const& b) {
        return a.header.first < b.header.first;
    });
    std::string excerpts;
    for (auto const& log : logs)
        ECLUSE_TRY(copy_runs(log, sequences, excerpts));
    return excerpts;
}

} // namespace ecluse
