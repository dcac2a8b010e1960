#include "policies/store/database.h"

#include "common/fd.h"
#include "policies/store/statement.h"

#include <array>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ecluse {

extern char const schema_sql[];
extern char const schema_2_sql[];
extern char const schema_3_sql[];
extern char const schema_4_sql[];
extern char const schema_5_sql[];
extern char const schema_6_sql[];
extern char const schema_7_sql[];
extern char const schema_8_sql[];
extern char const schema_9_sql[];
extern char const schema_10_sql[];

namespace {

/// Applied in order; the position of a text is the version it makes, minus one.
std::array<char const*, 10> const migrations{
    schema_sql,
    schema_2_sql,
    schema_3_sql,
    schema_4_sql,
    schema_5_sql,
    schema_6_sql,
    schema_7_sql,
    schema_8_sql,
    schema_9_sql,
    schema_10_sql};

/// Long enough for a process that is just ending, short enough for an answer at start.
constexpr int busy_timeout_ms = 500;
/// The product has fewer different statements; the bound only keeps a mistake from growing memory.
constexpr std::size_t statements_max = 512;
/// A report, a charter or a form is far smaller.
constexpr int value_bytes_max = 16 * 1024 * 1024;
constexpr std::size_t check_lines_max = 5;

/// The folder is resolved, because its path may lawfully hold links; the file itself must not be
/// one: a link could make us write the accounts of a hospital elsewhere.
Result<std::string> resolved(std::string const& path)
{
    auto const slash = path.rfind('/');
    auto const folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    auto const name = slash == std::string::npos ? path : path.substr(slash + 1);
    char buffer[PATH_MAX];
    if (!realpath(folder.c_str(), buffer)) return os_error(folder);
    return std::string{buffer} + "/" + name;
}

Result<> check_file(std::string const& path)
{
    Fd const fd{open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!fd) return os_error(path);
    struct stat status {};
    if (fstat(fd.get(), &status) != 0) return os_error(path);
    if (!S_ISREG(status.st_mode)) return Error{Errc::refused, path + ": not a file"};
    if (status.st_uid != geteuid()) return Error{Errc::refused, path + ": belongs to another user"};
    if (status.st_nlink != 1) return Error{Errc::refused, path + ": has another name (hard link)"};
    if ((status.st_mode & 077) != 0)
        return Error{Errc::refused, path + ": others have access to it (chmod 600)"};
    return {};
}

using Handle = std::unique_ptr<sqlite3, SqliteClose>;

Result<> execute(sqlite3* handle, char const* sql)
{
    if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        return sqlite_error(handle, "execute");
    return {};
}

Result<Handle> open_handle(std::string const& path)
{
    sqlite3* raw = nullptr;
    auto const code = sqlite3_open_v2(
        path.c_str(),
        &raw,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_FULLMUTEX,
        nullptr
    );
    Handle handle{raw};
    if (!raw) return Error{Errc::io, "out of memory"};
    if (code != SQLITE_OK) return sqlite_error(raw, "open");
    sqlite3_extended_result_codes(raw, 1);
    sqlite3_busy_timeout(raw, busy_timeout_ms);
    sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, value_bytes_max);
    sqlite3_limit(raw, SQLITE_LIMIT_ATTACHED, 0);
    for (auto const option : {SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_ENABLE_FKEY})
        sqlite3_db_config(raw, option, 1, nullptr);
    for (auto const option :
         {SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_DQS_DML})
        sqlite3_db_config(raw, option, 0, nullptr);
    return handle;
}

/// A rollback journal, not WAL: the race that corrupts a WAL database (fixed in SQLite 3.51.3) is
/// in Debian's versions, and one file is simpler to save and to restore. EXCLUSIVE keeps a second
/// process out for as long as we live; FULL also syncs the truncation that makes a commit.
Result<> configure(sqlite3* handle)
{
    return execute(
        handle,
        "PRAGMA locking_mode = EXCLUSIVE;"
        "PRAGMA journal_mode = TRUNCATE;"
        "PRAGMA synchronous = FULL;"
        "PRAGMA secure_delete = ON;"
        "PRAGMA cell_size_check = ON;"
        "PRAGMA temp_store = MEMORY;"
        "BEGIN EXCLUSIVE; COMMIT;"
    );
}

Result<std::int64_t> number_of(sqlite3* handle, std::string_view sql)
{
    auto statement = ECLUSE_TRY(Statement::prepare(handle, sql));
    auto const rows = ECLUSE_TRY(statement.run({}, 1));
    if (rows.empty()) return Error{Errc::corrupt, "no answer to " + std::string{sql}};
    return rows[0].number("n");
}

Result<> quick_check(sqlite3* handle)
{
    auto statement = ECLUSE_TRY(
        Statement::prepare(handle, "SELECT quick_check AS line FROM pragma_quick_check LIMIT 5")
    );
    auto const rows = ECLUSE_TRY(statement.run({}, check_lines_max));
    if (rows.size() == 1 && rows[0].text("line") == "ok") return {};
    return Error{
        Errc::corrupt, "damaged: " + (rows.empty() ? std::string{"?"} : rows[0].text("line"))};
}

Result<> migrate(sqlite3* handle)
{
    auto const version =
        ECLUSE_TRY(number_of(handle, "SELECT user_version AS n FROM pragma_user_version"));
    auto const newest = static_cast<std::int64_t>(migrations.size());
    if (version > newest)
        return Error{
            Errc::corrupt,
            "made by a newer program (version " + std::to_string(version) + ", known " +
                std::to_string(newest) + ")"};
    if (version < 0) return Error{Errc::corrupt, "impossible version"};
    if (version == 0 && ECLUSE_TRY(number_of(handle, "SELECT count(*) AS n FROM sqlite_schema")))
        return Error{Errc::corrupt, "not a database of this product"};
    if (version == newest) return {};

    std::string script = "BEGIN IMMEDIATE;\n";
    for (auto next = static_cast<std::size_t>(version); next < migrations.size(); ++next)
        script += migrations[next];
    script += "\nPRAGMA user_version = " + std::to_string(newest) + ";\nCOMMIT;";
    auto applied = execute(handle, script.c_str());
    if (!applied && !sqlite3_get_autocommit(handle))
        sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
    return applied;
}

/// Errors after which nobody knows what is on disk: a failed sync must never be retried and
/// believed. SQLITE_FULL is not among them: SQLite has rolled back, and space may come back.
bool is_final(sqlite3* handle)
{
    auto const code = sqlite3_errcode(handle) & 0xff;
    return code == SQLITE_IOERR || code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

} // namespace

struct Database::Impl {
    Handle handle;
    // Destroyed before the handle.
    std::unordered_map<std::string, Statement> statements;
    bool in_transaction = false;
    std::optional<Error> failed;

    Result<std::vector<Row>>
    run(std::string_view sql, std::vector<SqlValue> const& parameters, std::size_t rows_max)
    {
        if (failed) return failed->within("database stopped");
        auto found = statements.find(std::string{sql});
        if (found == statements.end()) {
            auto prepared = Statement::prepare(handle.get(), sql);
            if (!prepared) return final_or_not(prepared.error());
            if (statements.size() >= statements_max) statements.clear();
            found = statements.emplace(std::string{sql}, *std::move(prepared)).first;
        }
        auto rows = found->second.run(parameters, rows_max);
        if (!rows) return final_or_not(rows.error());
        return rows;
    }

    Error final_or_not(Error const& error)
    {
        if (error.code != Errc::too_large && is_final(handle.get())) failed = error;
        return error;
    }

    void roll_back()
    {
        if (!sqlite3_get_autocommit(handle.get()))
            if (auto const undone = execute(handle.get(), "ROLLBACK"); !undone)
                failed = undone.error();
    }
};

Database::Database(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(std::string const& path)
{
    auto const opened = [&]() -> Result<Database> {
        auto const real = ECLUSE_TRY(resolved(path));
        ECLUSE_TRY(check_file(real));
        auto handle = ECLUSE_TRY(open_handle(real));
        ECLUSE_TRY(configure(handle.get()));
        ECLUSE_TRY(quick_check(handle.get()));
        ECLUSE_TRY(migrate(handle.get()));
        auto impl = std::make_unique<Impl>();
        impl->handle = std::move(handle);
        return Database{std::move(impl)};
    };
    auto database = opened();
    if (!database) return database.error().within("open database " + path);
    return database;
}

Result<std::vector<Row>>
Database::rows(std::string_view sql, std::vector<SqlValue> const& parameters, std::size_t rows_max)
{
    return impl_->run(sql, parameters, rows_max);
}

Result<std::optional<Row>>
Database::row(std::string_view sql, std::vector<SqlValue> const& parameters)
{
    auto rows = ECLUSE_TRY(impl_->run(sql, parameters, 1));
    if (rows.empty()) return std::optional<Row>{};
    return std::optional<Row>{std::move(rows[0])};
}

Result<std::int64_t> Database::run(std::string_view sql, std::vector<SqlValue> const& parameters)
{
    auto const before = sqlite3_total_changes64(impl_->handle.get());
    ECLUSE_TRY(impl_->run(sql, parameters, 0));
    return sqlite3_total_changes64(impl_->handle.get()) - before;
}

Result<> Database::transaction(std::function<Result<>()> const& work)
{
    ECLUSE_ASSERT(!impl_->in_transaction);
    ECLUSE_TRY(impl_->run("BEGIN IMMEDIATE", {}, 0));
    impl_->in_transaction = true;
    // Also when `work` throws: a transaction left open would swallow every later act.
    struct End {
        Impl& impl;
        ~End()
        {
            impl.roll_back();
            impl.in_transaction = false;
        }
    } const end{*impl_};
    ECLUSE_TRY(work());
    ECLUSE_TRY(impl_->run("COMMIT", {}, 0));
    return {};
}

} // namespace ecluse
