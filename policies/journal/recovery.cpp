#include "policies/journal/recovery.h"

#include "common/bytes.h"
#include "common/fd.h"
#include "policies/journal/chain.h"

#include <openssl/evp.h>

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ecluse {

namespace {

/// Read at each start; the rest was read at starts before, and is for `verify`.
constexpr std::int64_t tail_bytes = 256 * 1024;
constexpr auto chain_name = "journal.chain";

Error corrupt(std::string_view what)
{
    return {Errc::corrupt, std::string{what}};
}

Result<Fd> open_checked(std::string const& path)
{
    Fd fd{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
    if (!fd && errno == ENOENT) return fd;
    if (!fd) return os_error("open " + path);
    struct stat status {};
    if (fstat(fd.get(), &status) != 0) return os_error("stat " + path);
    if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 077) != 0)
        return Error{Errc::refused, path + ": not our private file (owner, mode 0600)"};
    return fd;
}

/// The line of the last witnessed checkpoint, without its end; nothing when there is no witness.
Result<std::optional<std::string>> read_witness(std::string const& folder)
{
    auto const fd = ECLUSE_TRY(open_checked(witness_path(folder)));
    if (!fd) return std::optional<std::string>{};
    auto line = ECLUSE_TRY(read_all(fd.get(), journal_line_bytes_max + 1));
    if (line.empty() || line.back() != '\n') return corrupt("head.witness: not a line");
    line.pop_back();
    auto const read = parse_journal_line(line);
    if (!read || !read->is_checkpoint) return corrupt("head.witness: not a checkpoint");
    return std::optional{std::move(line)};
}

struct Tail {
    ChainWalk walk;
    std::vector<JournalLine> events;
    std::size_t checkpoints = 0;
    bool ends_with_checkpoint = false;
    bool has_witness = false;
    std::int64_t whole_bytes = 0;
    std::int64_t torn_bytes = 0;
};

Result<std::string> line_of(LineReader& reader)
{
    auto line = reader.next(journal_line_bytes_max);
    if (!line) return line.error();
    if (!*line) return corrupt("journal.log ends early");
    return std::move(**line);
}

/// Keeps the newest lines only: the whole file may be large.
void keep(Tail& tail, JournalLine line)
{
    tail.ends_with_checkpoint = line.is_checkpoint;
    if (line.is_checkpoint) {
        ++tail.checkpoints;
        return;
    }
    constexpr std::size_t events_max = 2 * journal_batch_max;
    if (tail.events.size() == 2 * events_max)
        tail.events.erase(tail.events.begin(), tail.events.begin() + events_max);
    tail.events.push_back(std::move(line));
}

Result<Tail> read_lines(int fd, std::int64_t size, std::int64_t from, std::string const& witness)
{
    if (lseek(fd, 0, SEEK_SET) < 0) return os_error("seek");
    LineReader first{fd};
    auto const header_line = ECLUSE_TRY(line_of(first));
    Tail tail{.walk = ECLUSE_TRY(ChainWalk::from_header(header_line)), .events = {}};
    auto const start = std::max(from, first.whole_bytes());
    if (lseek(fd, start, SEEK_SET) < 0) return os_error("seek");
    LineReader reader{fd};
    if (start > first.whole_bytes()) {
        // The rest of a line, then one line that is believed: its own was checked at a start
        // before.
        (void)ECLUSE_TRY(line_of(reader));
        auto const line = ECLUSE_TRY(line_of(reader));
        tail.walk = ECLUSE_TRY(ChainWalk::from_line(tail.walk.header(), line));
        tail.has_witness = line == witness;
        keep(tail, ECLUSE_TRY(parse_journal_line(line)));
    }
    for (;;) {
        auto const line = ECLUSE_TRY(reader.next(journal_line_bytes_max));
        if (!line) break;
        keep(tail, ECLUSE_TRY(tail.walk.advance(*line)));
        tail.has_witness = tail.has_witness || *line == witness;
    }
    tail.whole_bytes = start + reader.whole_bytes();
    tail.torn_bytes = size - tail.whole_bytes;
    return tail;
}

Result<Tail> read_tail(int fd, std::optional<std::string> const& witness)
{
    struct stat status {};
    if (fstat(fd, &status) != 0) return os_error("stat");
    auto const from = std::max<std::int64_t>(0, status.st_size - tail_bytes);
    auto tail = read_lines(fd, status.st_size, from, witness.value_or(""));
    // Long since the last checkpoint, or none yet: only the whole file can tell.
    if (tail && !tail->has_witness && from > 0)
        tail = read_lines(fd, status.st_size, 0, witness.value_or(""));
    if (!tail) return corrupt("journal.log: " + tail.error().what);
    if (witness && !tail->has_witness)
        return corrupt("journal.log does not hold its last witnessed checkpoint");
    // The first checkpoint may be in the file alone, by a crash; a second one follows a witness.
    if (!witness && tail->checkpoints > 1) return corrupt("head.witness is missing");
    return tail;
}

bool matches(JournalLine const& line, JournalRow const& row)
{
    if (row.sequence != line.sequence || row.utc != line.utc || row.type != line.type) return false;
    if (!row.salt || !row.event) return !row.salt && !row.event; // erased at term
    return commitment_of(*row.salt, *row.event) == line.commitment;
}

/// Rows that the file still owes; every line read must have its row.
Result<std::vector<JournalRow>>
missing_rows(std::vector<JournalLine> const& events, std::int64_t sequence, Database& database)
{
    auto const first = events.empty() ? sequence + 1 : events.front().sequence;
    auto rows = ECLUSE_TRY(journal_rows(database, first, events.size() + journal_batch_max + 1));
    if (rows.size() < events.size()) return corrupt("journal.log is ahead of the database");
    for (std::size_t i = 0; i < events.size(); ++i)
        if (!matches(events[i], rows[i]))
            return corrupt(
                "journal.log and the database differ at " + std::to_string(events[i].sequence)
            );
    rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(events.size()));
    if (rows.size() > journal_batch_max) return corrupt("the database is ahead of journal.log");
    for (auto const& row : rows)
        if (row.sequence != ++sequence || !row.salt || !row.event)
            return corrupt("the database has a hole at " + std::to_string(sequence));
    return rows;
}

std::int64_t last_sequence(std::optional<Row> const& row)
{
    return row ? row->optional_number("n").value_or(0) : 0;
}

Result<std::int64_t> last_row(Database& database)
{
    return last_sequence(ECLUSE_TRY(database.row("SELECT max(sequence) AS n FROM journal_event")));
}

Result<std::string> sha256_of(int fd)
{
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> const context{EVP_MD_CTX_new()};
    ECLUSE_ASSERT(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
    if (lseek(fd, 0, SEEK_SET) < 0) return os_error("seek");
    char chunk[65536];
    for (;;) {
        auto const got = ::read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return os_error("read journal.log");
        if (got == 0) break;
        ECLUSE_ASSERT(EVP_DigestUpdate(context.get(), chunk, static_cast<std::size_t>(got)) == 1);
    }
    std::string digest(32, '\0');
    ECLUSE_ASSERT(
        EVP_DigestFinal_ex(
            context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr
        ) == 1
    );
    return to_hex(digest);
}

} // namespace

std::string journal_path(std::string const& folder)
{
    return folder + "/journal.log";
}

std::string witness_path(std::string const& folder)
{
    return folder + "/head.witness";
}

Result<std::vector<JournalRow>>
journal_rows(Database& database, std::int64_t first, std::size_t count_max)
{
    auto const found = ECLUSE_TRY(database.rows(
        "SELECT sequence, at_ms, type, salt, event FROM journal_event WHERE sequence >= $1 "
        "ORDER BY sequence LIMIT $2",
        {first, static_cast<std::int64_t>(count_max)}
    ));
    std::vector<JournalRow> rows;
    rows.reserve(found.size());
    for (auto const& row : found)
        rows.push_back(
            {.sequence = row.number("sequence"),
             .utc = to_iso(UtcMillis{std::chrono::milliseconds{row.number("at_ms")}}),
             .type = row.text("type"),
             .salt = row.optional_blob("salt"),
             .event = row.optional_text("event")}
        );
    return rows;
}

Result<std::optional<JournalHeader>> chain_of(Database& database)
{
    auto const row =
        ECLUSE_TRY(database.row("SELECT value FROM meta WHERE name = $1", {std::string{chain_name}})
        );
    if (!row) return std::optional<JournalHeader>{};
    auto header = parse_journal_header(row->text("value"));
    if (!header) return corrupt("database: unreadable name of the journal's chain");
    return std::optional{*std::move(header)};
}

Result<> set_chain(Database& database, JournalHeader const& header)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO meta(name, value) VALUES ($1, $2) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        {std::string{chain_name}, to_line(header)}
    ));
    return {};
}

Result<JournalState> examine_journal(std::string const& folder, Database& database)
{
    auto const chain = ECLUSE_TRY(chain_of(database));
    auto const last = ECLUSE_TRY(last_row(database));
    auto const witness = ECLUSE_TRY(read_witness(folder));
    auto const fd = ECLUSE_TRY(open_checked(journal_path(folder)));
    if (!fd) {
        // The file is made before the first event, so only an empty chain may lack it.
        if (witness || last >= (chain ? chain->first : 1)) return corrupt("journal.log is missing");
        JournalState fresh;
        fresh.header = chain.value_or(JournalHeader{random_id('J'), 1});
        return fresh;
    }
    if (!chain) return corrupt("the database does not know journal.log");
    auto const tail = ECLUSE_TRY(read_tail(fd.get(), witness));
    if (to_line(*chain) != to_line(tail.walk.header()))
        return corrupt("journal.log belongs to another chain than the database");
    JournalState state;
    state.header = *chain;
    state.head = {tail.walk.sequence(), tail.walk.link()};
    state.ends_with_checkpoint = tail.ends_with_checkpoint;
    state.whole_bytes = tail.whole_bytes;
    state.torn_bytes = tail.torn_bytes;
    state.missing = ECLUSE_TRY(missing_rows(tail.events, tail.walk.sequence(), database));
    return state;
}

Result<JournalRemains> remains_of(std::string const& folder, Database& database)
{
    JournalRemains remains;
    remains.database = ECLUSE_TRY(last_row(database));
    if (auto const witness = read_witness(folder); witness && *witness) {
        remains.witness = **witness;
        if (auto const line = parse_journal_line(remains.witness))
            remains.witness_sequence = line->sequence;
    }
    auto const fd = ECLUSE_TRY(open_checked(journal_path(folder)));
    if (!fd) return remains;
    remains.file_sha256 = ECLUSE_TRY(sha256_of(fd.get()));
    if (lseek(fd.get(), 0, SEEK_SET) < 0) return os_error("seek");
    LineReader reader{fd.get()};
    for (;;) {
        auto const line = reader.next(journal_line_bytes_max);
        if (!line || !*line) return remains;
        if (remains.chain.empty()) {
            auto const header = parse_journal_header(**line);
            if (!header) return remains;
            remains.chain = header->chain;
        } else if (auto const read = parse_journal_line(**line)) {
            remains.file = {read->sequence, read->link};
        }
    }
}

} // namespace ecluse
