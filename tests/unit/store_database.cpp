#include "common/fd.h"
#include "policies/store/database.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <sqlite3.h>

#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace ecluse;

namespace {

constexpr auto insert_meta = "INSERT INTO meta(name, value) VALUES ($1, $2)";

std::int64_t count_meta(Database& database)
{
    return must(database.row("SELECT count(*) AS n FROM meta"))->number("n");
}

void overwrite(std::string const& path, off_t offset, std::string_view bytes)
{
    Fd const file{open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    REQUIRE(file);
    REQUIRE(pwrite(file.get(), bytes.data(), bytes.size(), offset) == ssize_t(bytes.size()));
}

void execute(std::string const& path, char const* sql)
{
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
    auto const code = sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
    sqlite3_close(handle);
    REQUIRE(code == SQLITE_OK);
}

} // namespace

TEST_CASE("a new database has the schema, is private, and keeps what was written")
{
    TempFolder const folder;
    auto const path = folder / "ecluse.db";
    {
        auto database = must(Database::open(path));
        CHECK(must(database.run(insert_meta, {std::string{"a"}, std::string{"1"}})) == 1);
    }
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    auto database = must(Database::open(path));
    CHECK(
        must(database.row("SELECT value FROM meta WHERE name = $1", {std::string{"a"}})
        )->text("value") == "1"
    );
    CHECK_FALSE(must(database.row("SELECT value FROM meta WHERE name = $1", {std::string{"b"}})));
}

TEST_CASE("parameters are values whatever they contain, and are numbered by their digits")
{
    TempFolder const folder;
    auto database = must(Database::open(folder / "ecluse.db"));
    auto const hostile = std::string{"'); DROP TABLE meta; --\0\n\"", 26};
    must(database.run("INSERT INTO meta(value, name) VALUES ($2, $1)", {hostile, std::string{"v"}})
    );
    auto const row = must(database.row("SELECT name, value FROM meta"));
    CHECK(row->text("name") == hostile);
    CHECK(row->text("value") == "v");
    CHECK(count_meta(database) == 1);
    // One parameter used twice.
    CHECK(must(
        database.row("SELECT name FROM meta WHERE value = $1 AND $1 = value", {std::string{"v"}})
    ));
}

TEST_CASE("values of every kind come back as they went")
{
    TempFolder const folder;
    auto database = must(Database::open(folder / "ecluse.db"));
    auto const row = must(database.row(
        "SELECT $1 AS number, $2 AS text, $3 AS blob, $4 AS none, $5 AS empty, $6 AS empty_blob",
        {std::int64_t{INT64_MIN},
         std::string{"é"},
         Blob{std::string{"\0\xff", 2}},
         nullable(std::optional<std::string>{}),
         std::string{},
         Blob{}}
    ));
    CHECK(row->number("number") == INT64_MIN);
    CHECK(row->text("text") == "é");
    CHECK(row->blob("blob") == std::string("\0\xff", 2));
    CHECK_FALSE(row->optional_text("none"));
    CHECK_FALSE(row->optional_number("none"));
    CHECK_FALSE(row->optional_blob("none"));
    CHECK(row->text("empty").empty());
    CHECK(row->optional_text("empty") == "");
}

TEST_CASE("more rows than asked for are refused, never cut")
{
    TempFolder const folder;
    auto database = must(Database::open(folder / "ecluse.db"));
    for (char const name : {'a', 'b', 'c'})
        must(database.run(insert_meta, {std::string(1, name), std::string{}}));
    CHECK(must(database.rows("SELECT name FROM meta", {}, 3)).size() == 3);
    CHECK(database.rows("SELECT name FROM meta", {}, 2).error().code == Errc::too_large);
    CHECK(database.row("SELECT name FROM meta").error().code == Errc::too_large);
}

TEST_CASE("a transaction is all or nothing")
{
    TempFolder const folder;
    auto database = must(Database::open(folder / "ecluse.db"));
    auto const insert = [&](char const* name) {
        return database.run(insert_meta, {std::string{name}, std::string{}});
    };
    must(database.transaction([&]() -> Result<> {
        ECLUSE_TRY(insert("a"));
        ECLUSE_TRY(insert("b"));
        return {};
    }));
    CHECK(count_meta(database) == 2);

    auto const failed = database.transaction([&]() -> Result<> {
        ECLUSE_TRY(insert("c"));
        return Error{Errc::refused, "no"};
    });
    CHECK(failed.error().what == "no");
    CHECK(count_meta(database) == 2);

    auto const doubled = database.transaction([&]() -> Result<> {
        ECLUSE_TRY(insert("c"));
        ECLUSE_TRY(insert("a"));
        return {};
    });
    CHECK(doubled.error().code == Errc::refused);
    CHECK(count_meta(database) == 2);

    CHECK_THROWS(database.transaction([&]() -> Result<> {
        must(insert("c"));
        throw std::runtime_error{"unexpected"};
    }));
    CHECK(count_meta(database) == 2);
    must(database.transaction([&]() -> Result<> {
        ECLUSE_TRY(insert("c"));
        return {};
    }));
    CHECK(count_meta(database) == 3);
}

TEST_CASE("a reference to nothing is refused")
{
    TempFolder const folder;
    auto database = must(Database::open(folder / "ecluse.db"));
    auto const orphan = database.run(
        "INSERT INTO vendor_asset(vendor, asset) VALUES ($1, $2)",
        {std::string{"V"}, std::string{"A"}}
    );
    CHECK(orphan.error().code == Errc::refused);
}

TEST_CASE("a deleted value does not stay in the file")
{
    TempFolder const folder;
    auto const path = folder / "ecluse.db";
    std::string const trace = "trace-of-a-person";
    {
        auto database = must(Database::open(path));
        must(database.run(insert_meta, {trace, std::string{}}));
        must(database.run("DELETE FROM meta WHERE name = $1", {trace}));
    }
    CHECK(must(read_file(path, 1 << 24)).find(trace) == std::string::npos);
}

TEST_CASE("a full disk refuses the act and keeps the state before")
{
    TempFolder const folder;
    auto database = must(Database::open(folder / "ecluse.db"));
    must(database.run(insert_meta, {std::string{"a"}, std::string{}}));
    auto const pages =
        must(database.row("SELECT page_count AS n FROM pragma_page_count"))->number("n");
    must(database.rows("PRAGMA max_page_count = " + std::to_string(pages + 2)));
    auto const full = database.transaction([&]() -> Result<> {
        for (int i = 0; i < 10; ++i)
            ECLUSE_TRY(database.run(insert_meta, {std::to_string(i), std::string(8192, 'x')}));
        return {};
    });
    CHECK(full.error().code == Errc::io);
    CHECK(count_meta(database) == 1);
    // Space has come back: the database works again.
    must(database.rows("PRAGMA max_page_count = 100000"));
    must(database.run(insert_meta, {std::string{"b"}, std::string(8192, 'x')}));
}

TEST_CASE("a damaged database is not opened")
{
    TempFolder const folder;
    auto const path = folder / "ecluse.db";
    {
        auto database = must(Database::open(path));
        // One statement: five hundred synced writes, once per section, would take minutes.
        must(database.run(
            "WITH RECURSIVE counter(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counter WHERE i < "
            "499) INSERT INTO meta (name, value) SELECT CAST(i AS TEXT), $1 FROM counter",
            {std::string(100, 'x')}
        ));
    }
    auto const bytes = static_cast<off_t>(std::filesystem::file_size(path));
    SECTION("by its first bytes")
    {
        overwrite(path, 0, "NOT A DATABASE");
    }
    SECTION("by the header of one page")
    {
        overwrite(path, bytes - 4096, std::string(64, '\xff'));
    }
    SECTION("by any page overwritten with zeros")
    {
        auto const page = GENERATE(range(1, 12));
        overwrite(path, off_t{4096} * page, std::string(4096, '\0'));
    }
    SECTION("by its truncation")
    {
        REQUIRE(truncate(path.c_str(), bytes - 4096) == 0);
    }
    SECTION("by a foreign content")
    {
        std::filesystem::remove(path);
        execute(path, "CREATE TABLE other (a); PRAGMA user_version = 0");
        REQUIRE(chmod(path.c_str(), 0600) == 0);
    }
    auto const opened = Database::open(path);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::corrupt);
}

TEST_CASE("a database of version 1 with data becomes today's, and keeps every row")
{
    TempFolder const folder;
    auto const path = folder / "ecluse.db";
    // As version 1 made it: its schema, and rows of the tables that change.
    execute(path, must(read_file(ECLUSE_SCHEMA_1, 1 << 20)).c_str());
    execute(
        path,
        "INSERT INTO asset (id, name, description, protocol, host, port, state, usage_hours, "
        "default_open_mode, session_limit, recording_days, created_at, created_by) VALUES ('T-1', "
        "'scanner', 'Scanner', 'ssh', '10.0.0.5', 22, 'active', 'never', 'auto', 1, 365, 1, 'x');"
        "INSERT INTO asset_account VALUES ('AA-1', 'T-1', 'maint', 'key', x'00ff', 'ssh-ed25519 "
        "A', 1);"
        "PRAGMA user_version = 1"
    );
    REQUIRE(chmod(path.c_str(), 0600) == 0);
    for (int round = 0; round < 2; ++round) {
        auto database = must(Database::open(path));
        auto const asset = must(database.row("SELECT name, port, security FROM asset"));
        CHECK(asset->text("name") == "scanner");
        CHECK(asset->number("port") == 22);
        CHECK_FALSE(asset->optional_text("security"));
        auto const account = must(database.row("SELECT secret_sealed, domain FROM asset_account"));
        CHECK(account->blob("secret_sealed") == std::string{"\0\xff", 2});
        CHECK_FALSE(account->optional_text("domain"));
        must(database.run("UPDATE asset_account SET domain = NULL"));
    }
    // What was migrated and what is made new have the same columns, in the same order.
    auto const columns = [](Database& database) {
        std::string all;
        for (auto const& row : must(database.rows(
                 "SELECT m.name AS t, c.name AS c, c.type AS k FROM sqlite_schema m, "
                 "pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid"
             )))
            all += row.text("t") + "." + row.text("c") + " " + row.text("k") + "\n";
        return all;
    };
    auto old = must(Database::open(path));
    auto fresh = must(Database::open(folder / "fresh.db"));
    CHECK(columns(old) == columns(fresh));
    CHECK(must(fresh.row("SELECT user_version AS n FROM pragma_user_version"))->number("n") == 13);
}

TEST_CASE("a database of a newer program is not opened")
{
    TempFolder const folder;
    auto const path = folder / "ecluse.db";
    (void)must(Database::open(path));
    execute(path, "PRAGMA user_version = 99");
    auto const opened = Database::open(path);
    CHECK(opened.error().code == Errc::corrupt);
    CHECK(opened.error().what.find("newer") != std::string::npos);
}

TEST_CASE("a database file that others can reach, or that is elsewhere, is refused", "[CHM:5.8]")
{
    TempFolder const folder;
    auto const path = folder / "ecluse.db";
    (void)must(Database::open(path));
    SECTION("group access")
    {
        REQUIRE(chmod(path.c_str(), 0640) == 0);
        CHECK(Database::open(path).error().code == Errc::refused);
    }
    SECTION("a symbolic link")
    {
        REQUIRE(symlink(path.c_str(), (folder / "link.db").c_str()) == 0);
        CHECK_FALSE(Database::open(folder / "link.db"));
    }
    SECTION("a hard link")
    {
        REQUIRE(link(path.c_str(), (folder / "link.db").c_str()) == 0);
        CHECK(Database::open(path).error().code == Errc::refused);
    }
    SECTION("another owner")
    {
        if (geteuid() != 0) SKIP("only root can give a file away");
        REQUIRE(chown(path.c_str(), 65534, 65534) == 0);
        CHECK(Database::open(path).error().code == Errc::refused);
    }
    SECTION("a folder that is a link is resolved")
    {
        REQUIRE(symlink(folder.path().c_str(), (folder / "other").c_str()) == 0);
        CHECK(Database::open(folder / "other/ecluse.db"));
    }
    SECTION("a folder that is missing")
    {
        CHECK_FALSE(Database::open(folder / "none/ecluse.db"));
    }
}

TEST_CASE("a second process is told that the database is in use")
{
    TempFolder const folder;
    auto const path = folder / "ecluse.db";
    auto const database = must(Database::open(path));
    auto const child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto const opened = Database::open(path);
        auto const told =
            !opened && opened.error().what.find("locked by another process") != std::string::npos;
        _exit(told ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("a crash in the middle of a transaction leaves nothing of it")
{
    TempFolder const folder;
    auto const path = folder / "ecluse.db";
    (void)must(Database::open(path));
    auto const child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto database = Database::open(path);
        (void)database->run(insert_meta, {std::string{"kept"}, std::string{}});
        (void)database->transaction([&]() -> Result<> {
            // More than the page cache, so that pages reach the file before the end.
            for (int i = 0; i < 2000; ++i)
                ECLUSE_TRY(database->run(insert_meta, {std::to_string(i), std::string(4000, 'x')}));
            _exit(0);
        });
        _exit(1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
    auto database = must(Database::open(path));
    CHECK(count_meta(database) == 1);
}
