#pragma once

#include "policies/store/database.h"

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Inside ecluse::store only: owners of SQLite's handles.
namespace ecluse {

struct SqliteClose {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
struct SqliteFinalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

/// SQLite's last failure in our words, without any value of a row.
[[nodiscard]] Error sqlite_error(sqlite3* handle, std::string_view what);

/// One prepared statement; run as often as wished.
class Statement {
public:
    /// Exactly one statement, whose parameters are named $1..$n.
    [[nodiscard]] static Result<Statement> prepare(sqlite3* handle, std::string_view sql);

    /// Binds, steps to the end and resets. More than `rows_max` rows are an error.
    [[nodiscard]] Result<std::vector<Row>>
    run(std::vector<SqlValue> const& parameters, std::size_t rows_max);

private:
    Statement(sqlite3* handle, sqlite3_stmt* statement);
    [[nodiscard]] Result<> bind(std::vector<SqlValue> const& parameters);
    [[nodiscard]] Result<std::vector<Row>> step_all(std::size_t rows_max);
    [[nodiscard]] Result<Row> current_row() const;

    sqlite3* handle_;
    std::unique_ptr<sqlite3_stmt, SqliteFinalize> statement_;
    std::shared_ptr<std::vector<std::string> const> names_;
};

} // namespace ecluse
