#include "common/bytes.h"
#include "common/fd.h"
#include "common/json.h"
#include "policies/journal/journal.h"
#include "policies/journal/line.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace ecluse;
using namespace std::chrono_literals;

namespace {

UtcMillis const start{1'795'000'000'123ms};

Result<std::string> sign(std::string_view text)
{
    return sha256(text); // any bytes: signatures are judged in the tests of verify
}

struct Bench {
    TempFolder folder;
    Database database = must(Database::open(folder / "ecluse.db"));

    [[nodiscard]] Result<Journal> open() { return Journal::open(folder.path(), database, sign); }
    [[nodiscard]] std::string log() const { return folder / "journal.log"; }
    [[nodiscard]] std::string content() const { return must(read_file(log(), 1 << 24)); }
    void rewrite(std::string const& bytes) const { must(write_file_durably(log(), bytes)); }
    [[nodiscard]] std::int64_t rows()
    {
        return must(database.row("SELECT count(*) AS n FROM journal_event"))->number("n");
    }
};

std::int64_t record(Journal& journal, std::string const& object = "W-1")
{
    return must(journal.record(start, "window.approved", json::object{{"object", object}}));
}

std::vector<std::string> lines_of(std::string const& content)
{
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < content.size();) {
        auto const end = content.find('\n', at);
        lines.push_back(content.substr(at, end - at));
        at = end == std::string::npos ? content.size() : end + 1;
    }
    return lines;
}

std::string joined(std::vector<std::string> const& lines)
{
    std::string content;
    for (auto const& line : lines)
        content += line + "\n";
    return content;
}

} // namespace

TEST_CASE("an event becomes a row and a line that commits to it")
{
    Bench bench;
    auto journal = must(bench.open());
    CHECK(journal.head().sequence == 0);
    CHECK(record(journal) == 1);
    CHECK(record(journal) == 2);

    auto const lines = lines_of(bench.content());
    REQUIRE(lines.size() == 3);
    auto const first = must(parse_journal_line(lines[1]));
    auto const row = must(bench.database.row("SELECT * FROM journal_event WHERE sequence = 1"));
    CHECK(row->text("event") == R"({"object":"W-1"})");
    CHECK(row->blob("salt").size() == 32);
    CHECK(row->number("at_ms") == start.time_since_epoch().count());
    CHECK(first.commitment == to_hex(sha256(row->blob("salt") + row->text("event"))));
    CHECK(
        first.link ==
        to_hex(sha256(to_hex(sha256(lines[0])) + " " + lines[1].substr(0, lines[1].rfind(' '))))
    );
    CHECK(journal.head().link == must(parse_journal_line(lines[2])).link);
    struct stat status {};
    REQUIRE(stat(bench.log().c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("an act that fails leaves neither row nor line, and the journal works on")
{
    Bench bench;
    auto journal = must(bench.open());
    auto const before = bench.content();
    auto const refused = journal.record(start, "window.approved", {}, [&]() -> Result<> {
        ECLUSE_TRY(bench.database.run("INSERT INTO meta(name, value) VALUES ('a', 'b')"));
        return Error{Errc::refused, "no"};
    });
    CHECK(refused.error().what == "no");
    CHECK(bench.rows() == 0);
    CHECK_FALSE(must(bench.database.row("SELECT * FROM meta WHERE name = 'a'")));
    CHECK(bench.content() == before);
    CHECK(record(journal) == 1);
}

TEST_CASE("an unknown type and an oversized event are refused")
{
    Bench bench;
    auto journal = must(bench.open());
    CHECK(journal.record(start, "window.exploded", {}).error().code == Errc::refused);
    auto const large = json::object{{"x", std::string(65536, 'x')}};
    CHECK(journal.record(start, "window.approved", large).error().code == Errc::too_large);
    CHECK(bench.rows() == 0);
}

TEST_CASE("many events go in one batch, up to its bound")
{
    Bench bench;
    auto journal = must(bench.open());
    std::vector<Journal::Entry> entries(256, {start, "command.exec", "{}"});
    must(journal.record_all(entries));
    CHECK(journal.head().sequence == 256);
    must(journal.record_all({}));
    entries.push_back(entries.front());
    CHECK_FALSE(journal.record_all(entries));
    entries.resize(2);
    entries[1].type = "unknown";
    CHECK_FALSE(journal.record_all(entries));
    CHECK(bench.rows() == 256);
    CHECK(record(journal) == 257);
}

TEST_CASE("a journal continues where it stopped")
{
    Bench bench;
    JournalHead head;
    {
        auto journal = must(bench.open());
        record(journal);
        CHECK(journal.has_changed_since_checkpoint());
        must(journal.checkpoint(start));
        CHECK_FALSE(journal.has_changed_since_checkpoint());
        head = journal.head();
    }
    auto journal = must(bench.open());
    CHECK(journal.head().sequence == head.sequence);
    CHECK(journal.head().link == head.link);
    CHECK_FALSE(journal.has_changed_since_checkpoint());
    CHECK(record(journal) == 2);
    CHECK(bench.rows() == 2);
}

TEST_CASE("a checkpoint holds the signature of the chain, and the witness is its copy")
{
    Bench bench;
    auto journal = must(bench.open());
    record(journal);
    auto const link = journal.head().link;
    must(journal.checkpoint(start));
    auto const lines = lines_of(bench.content());
    auto const chain = must(parse_journal_header(lines[0])).chain;
    auto const line = must(parse_journal_line(lines[2]));
    CHECK(line.is_checkpoint);
    CHECK(line.sequence == 1);
    CHECK(line.signature == to_base64(sha256(checkpoint_text(chain, 1, line.utc, link))));
    CHECK(must(read_file(bench.folder / "head.witness", 4096)) == lines[2] + "\n");
}

TEST_CASE("a signer that fails makes no checkpoint and stops nothing")
{
    Bench bench;
    auto journal = must(Journal::open(
        bench.folder.path(),
        bench.database,
        [](std::string_view) -> Result<std::string> {
            return Error{Errc::unavailable, "no key"};
        }
    ));
    record(journal);
    CHECK_FALSE(journal.checkpoint(start));
    CHECK(record(journal) == 2);
    CHECK(journal.has_changed_since_checkpoint());
}

TEST_CASE("a long journal is opened by its tail, and by all of it when the witness is old")
{
    Bench bench;
    {
        auto journal = must(bench.open());
        record(journal);
        must(journal.checkpoint(start));
        std::vector<Journal::Entry> const entries(256, {start, "command.exec", "{}"});
        for (int i = 0; i < 10; ++i)
            must(journal.record_all(entries));
    }
    REQUIRE(std::filesystem::file_size(bench.log()) > 400 * 1024);
    CHECK(bench.open());
    auto lines = lines_of(bench.content());
    lines[2][2] = '2'; // the witnessed checkpoint itself
    bench.rewrite(joined(lines));
    CHECK(bench.open().error().code == Errc::corrupt);
}

TEST_CASE("after a crash the file gets the lines it owes")
{
    Bench bench;
    {
        auto journal = must(bench.open());
        for (int i = 0; i < 3; ++i)
            record(journal, "W-" + std::to_string(i));
    }
    auto const whole = bench.content();
    auto const last = whole.rfind('\n', whole.size() - 2) + 1;
    SECTION("a torn line is cut and written again, wherever it was torn")
    {
        auto const kept = GENERATE_COPY(last + 1, last + 40, whole.size() - 1);
        bench.rewrite(whole.substr(0, kept));
    }
    SECTION("a line that never began is written")
    {
        bench.rewrite(whole.substr(0, last));
    }
    SECTION("garbage after the end is cut, and nothing was owed")
    {
        bench.rewrite(whole + GENERATE(std::string{"4 2026"}, std::string(100, '\0')));
    }
    auto journal = must(bench.open());
    CHECK(bench.content().starts_with(whole));
    CHECK(journal.head().sequence == 4);
    CHECK(
        must(bench.database.row("SELECT type FROM journal_event WHERE sequence = 4"))
            ->text("type") == "journal.recovered"
    );
    CHECK(record(journal) == 5);
}

TEST_CASE("a batch torn in its middle is completed")
{
    Bench bench;
    {
        auto journal = must(bench.open());
        must(journal.record_all(std::vector<Journal::Entry>(256, {start, "command.exec", "{}"})));
    }
    auto const whole = bench.content();
    auto const header = whole.find('\n') + 1;
    bench.rewrite(whole.substr(0, GENERATE_COPY(header, header + 100, whole.size() / 2)));
    auto const journal = must(bench.open());
    CHECK(bench.content().starts_with(whole));
    CHECK(journal.head().sequence == 257);
}

TEST_CASE("a file, a witness and a database of different histories are told apart")
{
    Bench bench;
    {
        auto journal = must(bench.open());
        for (int i = 0; i < 5; ++i)
            record(journal, "W-" + std::to_string(i));
        must(journal.checkpoint(start));
        record(journal);
        must(journal.checkpoint(start + 1s));
        record(journal);
    }
    auto lines = lines_of(bench.content());
    auto const run = [&](char const* sql) { must(bench.database.run(sql)); };
    SECTION("the database is older")
    {
        run("DELETE FROM journal_event WHERE sequence > 5");
    }
    SECTION("the database has another event")
    {
        run("UPDATE journal_event SET event = '{}' WHERE sequence = 4");
    }
    SECTION("the database has another time")
    {
        run("UPDATE journal_event SET at_ms = at_ms + 1 WHERE sequence = 4");
    }
    SECTION("the database has another type")
    {
        run("UPDATE journal_event SET type = 'window.refused' WHERE sequence = 4");
    }
    SECTION("the database lost one row")
    {
        run("DELETE FROM journal_event WHERE sequence = 4");
    }
    SECTION("the database lost everything")
    {
        run("DELETE FROM journal_event");
        run("DELETE FROM meta");
    }
    SECTION("the file is older than its witness")
    {
        lines.resize(GENERATE(std::size_t{1}, std::size_t{3}, std::size_t{6}, std::size_t{8}));
        bench.rewrite(joined(lines));
    }
    SECTION("the file is missing")
    {
        std::filesystem::remove(bench.log());
    }
    SECTION("the file is empty")
    {
        bench.rewrite("");
    }
    SECTION("the file is of another chain")
    {
        lines[0] = "ecluse-journal 1 J-OTHER 1";
        bench.rewrite(joined(lines));
    }
    SECTION("a line is missing")
    {
        lines.erase(lines.begin() + GENERATE(1, 3, 6, 7, 8));
        bench.rewrite(joined(lines));
    }
    SECTION("two lines are exchanged")
    {
        std::swap(lines[2], lines[3]);
        bench.rewrite(joined(lines));
    }
    SECTION("the witness is missing")
    {
        std::filesystem::remove(bench.folder / "head.witness");
    }
    SECTION("the witness is another line")
    {
        must(write_file_durably(bench.folder / "head.witness", lines[1] + "\n"));
    }
    auto const opened = bench.open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::corrupt);

    // The answer to all of them is the same, and nothing is lost by it.
    bool const had_file = std::filesystem::exists(bench.log());
    auto const before = had_file ? bench.content() : std::string{};
    {
        auto journal = must(Journal::acknowledge_rollback(
            bench.folder.path(),
            bench.database,
            sign,
            {.at = start, .actor = "P-1", .source = "192.0.2.1", .reason = "sauvegarde"}
        ));
        CHECK(journal.head().sequence >= 6);
        auto const row = must(bench.database.row(
            "SELECT type, event FROM journal_event WHERE sequence = $1", {journal.head().sequence}
        ));
        CHECK(row->text("type") == "anomaly.rollback");
        CHECK(row->text("event").find("sauvegarde") != std::string::npos);
        record(journal);
    }
    auto const chain = must(parse_journal_header(lines_of(bench.content())[0])).chain;
    if (had_file) CHECK(must(read_file(bench.log() + "." + chain, 1 << 24)) == before);
    CHECK(bench.open());
}

TEST_CASE("any flipped bit in the file's lines is found at start")
{
    Bench bench;
    {
        auto journal = must(bench.open());
        record(journal);
        record(journal);
        must(journal.checkpoint(start));
        record(journal);
    }
    auto const whole = bench.content();
    for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
        auto changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        bench.rewrite(changed);
        CAPTURE(i, changed);
        CHECK_FALSE(bench.open());
    }
    bench.rewrite(whole);
    CHECK(bench.open());
}

TEST_CASE("erased events keep their place")
{
    Bench bench;
    {
        auto journal = must(bench.open());
        record(journal);
        record(journal);
    }
    must(bench.database.run("UPDATE journal_event SET salt = NULL, event = NULL WHERE sequence = 1")
    );
    auto journal = must(bench.open());
    CHECK(record(journal) == 3);
}

TEST_CASE("a journal file that others can read is refused")
{
    Bench bench;
    (void)must(bench.open());
    REQUIRE(chmod(bench.log().c_str(), 0640) == 0);
    CHECK(bench.open().error().code == Errc::refused);
}

TEST_CASE("a failed write is final until the next start, which writes the line it owes")
{
    // In a process of its own, because its descriptors are exchanged.
    Bench bench;
    (void)must(bench.open());
    // The lock must be the child's.
    bench.database = must(Database::open(bench.folder / "other.db"));
    auto const child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto database = Database::open(bench.folder / "ecluse.db");
        auto journal = Journal::open(bench.folder.path(), *database, sign);
        if (!journal->record(start, "window.approved", {})) _exit(2);
        // A full disk under the file alone: the file becomes one that cannot be written.
        int const full = open("/dev/full", O_WRONLY | O_CLOEXEC);
        for (int fd = 3; fd < 64; ++fd) {
            struct stat a {};
            struct stat b {};
            if (fstat(fd, &a) == 0 && stat(bench.log().c_str(), &b) == 0 && a.st_ino == b.st_ino &&
                a.st_dev == b.st_dev)
                dup2(full, fd);
        }
        if (journal->record(start, "window.approved", {})) _exit(3);
        if (journal->record(start, "window.approved", {})) _exit(4);
        if (journal->checkpoint(start)) _exit(5);
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WEXITSTATUS(status) == 0);
    bench.database = must(Database::open(bench.folder / "ecluse.db"));
    auto const journal = must(bench.open());
    // Two events, and the one that says that a line was owed.
    CHECK(journal.head().sequence == 3);
}

TEST_CASE(
    "every journal type has a name of its own and a French description",
    "[CLAUSIER:O-6.1][CHM:6.2][WEB:TR1]"
)
{
    std::set<std::string_view> names;
    for (auto const& type : journal_types()) {
        CHECK(names.insert(type.name).second);
        CHECK_FALSE(type.french.empty());
        JournalLine const line{
            .sequence = 1,
            .utc = "2026-11-21T08:00:00.000Z",
            .type = std::string{type.name},
            .commitment = std::string(64, '0'),
            .signature = {},
            .link = std::string(64, '0')};
        CHECK(must(parse_journal_line(to_line(line))).type == type.name);
    }
}
