#include "recorder/format/recover.h"

#include "common/bytes.h"
#include "recorder/format/chain.h"
#include "recorder/format/segment.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ecluse::recording {
namespace {

/// Eight hours of constant typing make about 25 MB.
constexpr std::size_t chain_bytes_max = 512 * 1024 * 1024;
/// At a kill at most one batch is incomplete; a longer tail is kept all the same, up to here.
constexpr std::size_t torn_bytes_max = 64 * 1024 * 1024;

Result<Fd> open_or_create(std::string const& path)
{
    Fd file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!file) return os_error("open " + path);
    return file;
}

Result<std::uint64_t> size_of(Fd const& file)
{
    struct stat facts {};
    if (::fstat(file.get(), &facts) != 0) return os_error("measure file");
    return static_cast<std::uint64_t>(facts.st_size);
}

Result<std::string> read_at(Fd const& file, std::uint64_t offset, std::size_t length)
{
    std::string bytes(length, '\0');
    std::size_t have = 0;
    while (have < length) {
        auto const got = ::pread(
            file.get(), bytes.data() + have, length - have, static_cast<off_t>(offset + have)
        );
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return os_error("read");
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
}

bool is_whole(Fd const& record, SegmentEntry const& entry)
{
    auto const bytes = read_at(record, entry.offset, entry.length);
    return bytes && bytes->size() == entry.length && to_hex(sha256(*bytes)) == entry.sha256;
}

struct Tail {
    std::uint64_t bytes;
    std::string sha256;
};

/// Cuts a file at `keep`, after keeping what follows beside it. A recovery that was itself
/// interrupted finds the tail already kept.
Result<Tail> cut(Fd const& file, std::uint64_t size, std::uint64_t keep, std::string const& beside)
{
    if (size > keep) {
        auto const length = std::min<std::uint64_t>(size - keep, torn_bytes_max);
        auto const tail = ECLUSE_TRY(read_at(file, keep, static_cast<std::size_t>(length)));
        ECLUSE_TRY(write_file_durably(beside, tail));
        if (::ftruncate(file.get(), static_cast<off_t>(keep)) != 0) return os_error("cut");
    }
    // Also when nothing is cut: what the crash left in memory only must be on disk before the seal.
    if (::fsync(file.get()) != 0) return os_error("sync");
    if (::access(beside.c_str(), F_OK) != 0) return Tail{0, to_hex(sha256(""))};
    auto const kept = ECLUSE_TRY(read_file(beside, torn_bytes_max));
    return Tail{kept.size(), to_hex(sha256(kept))};
}

/// The valid lines of the chain, the last of them describing a segment that is there.
Result<std::vector<ChainLine>>
valid_lines(std::string_view text, std::string const& header_sha256, Fd const& record)
{
    std::vector<ChainLine> lines;
    ChainReader reader{text, header_sha256};
    for (;;) {
        auto line = reader.next();
        if (!line || !*line) break;
        lines.push_back(**std::move(line));
    }
    // The record's tail may be missing though its chain line arrived; what stands before a valid
    // segment was synced before it. Judging the rest is the verifier's work.
    while (!lines.empty()) {
        auto const last_segment = std::find_if(lines.rbegin(), lines.rend(), [](auto const& line) {
            return line.segment.has_value();
        });
        if (last_segment == lines.rend() || is_whole(record, *last_segment->segment)) break;
        lines.erase(std::prev(last_segment.base()), lines.end());
    }
    return lines;
}

std::uint64_t utc_ms_of(Header const& header, std::vector<ChainLine> const& lines)
{
    // The header's instant has a resolution of a second; the first segment sets the comparison.
    for (auto const& line : lines)
        if (line.segment) return line.segment->utc_ms - (line.segment->mono_ms - header.mono_ms);
    return 0;
}

} // namespace

Result<SealSummary> read_summary(std::string const& folder)
{
    auto const bytes = ECLUSE_TRY(read_file(folder + "/seal.json", seal_bytes_max));
    auto seal = ECLUSE_TRY(parse_seal(bytes));
    auto session = seal.session;
    return SealSummary{std::move(session), to_hex(sha256(bytes)), std::move(seal)};
}

Result<SealSummary> recover(std::string const& folder)
{
    auto const header_bytes = read_file(folder + "/header.json", header_bytes_max);
    auto const header =
        header_bytes ? parse_header(*header_bytes) : Result<Header>{header_bytes.error()};
    auto const record = ECLUSE_TRY(open_or_create(folder + "/record.bin"));
    auto const chain = ECLUSE_TRY(open_or_create(folder + "/chain.txt"));
    auto const chain_size = ECLUSE_TRY(size_of(chain));
    auto const record_size = ECLUSE_TRY(size_of(record));
    if (!header && record_size == 0 && chain_size == 0)
        return Error{Errc::not_found, "recover: no header"};
    if (!header) return header.error().within("recover");

    auto const header_sha256 = to_hex(sha256(*header_bytes));
    auto const text = ECLUSE_TRY(read_all(chain.get(), chain_bytes_max));
    auto const lines = ECLUSE_TRY(valid_lines(text, header_sha256, record));

    Continuity continuity{header->mono_ms, utc_ms_of(*header, lines)};
    Seal seal;
    seal.session = header->session;
    seal.header_sha256 = header_sha256;
    seal.last_link = lines.empty() ? header_sha256 : lines.back().link;
    for (auto const& line : lines) {
        seal.chain_bytes += line.bytes;
        if (!line.segment) continue;
        ++seal.segments;
        seal.record_bytes += line.segment->length;
        continuity.add(line.segment->index, line.segment->mono_ms, line.segment->utc_ms);
    }
    seal.end_reason = "interrupted";
    seal.interrupted = true;
    seal.first_mono_ms = header->mono_ms;
    seal.last_mono_ms = continuity.last_mono_ms();
    seal.sealed_utc_ms = utc_now_ms();
    seal.gaps_total = continuity.gaps_total;
    seal.gaps = continuity.gaps;
    seal.clock_jumps_total = continuity.clock_jumps_total;
    seal.clock_jumps = continuity.clock_jumps;

    auto const record_tail =
        ECLUSE_TRY(cut(record, record_size, seal.record_bytes, folder + "/torn-record.bin"));
    auto const chain_tail =
        ECLUSE_TRY(cut(chain, chain_size, seal.chain_bytes, folder + "/torn-chain.txt"));
    if (record_tail.bytes > 0 || chain_tail.bytes > 0)
        seal.torn =
            Torn{record_tail.bytes, record_tail.sha256, chain_tail.bytes, chain_tail.sha256};
    // Without seal.json these were written by a recorder that died before the seal counted.
    for (auto const* const name : {"seal.sig", "text.bin", "text.bin.new"})
        if (::unlink((folder + "/" + name).c_str()) != 0 && errno != ENOENT)
            return os_error(std::string{"remove "} + name);
    ECLUSE_TRY(write_file_durably(folder + "/seal.json", to_bytes(seal)));
    return read_summary(folder);
}

} // namespace ecluse::recording
