#include "policies/store/statement.h"

#include <charconv>
#include <cstring>

namespace ecluse {

Error sqlite_error(sqlite3* handle, std::string_view what)
{
    auto const code = sqlite3_errcode(handle) & 0xff;
    Errc errc = Errc::io;
    std::string message = sqlite3_errmsg(handle);
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return Error{Errc::unavailable, "database is locked by another process"}.within(what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        errc = Errc::corrupt;
        break;
    case SQLITE_CONSTRAINT:
        errc = Errc::refused;
        break;
    case SQLITE_TOOBIG:
        errc = Errc::too_large;
        break;
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
        errc = Errc::malformed;
        break;
    default:
        break;
    }
    return Error{errc, message}.within(what);
}

Statement::Statement(sqlite3* handle, sqlite3_stmt* statement)
    : handle_{handle}, statement_{statement}
{
    auto names = std::make_shared<std::vector<std::string>>();
    for (int column = 0; column < sqlite3_column_count(statement); ++column)
        names->emplace_back(sqlite3_column_name(statement, column));
    names_ = std::move(names);
}

Result<Statement> Statement::prepare(sqlite3* handle, std::string_view sql)
{
    sqlite3_stmt* raw = nullptr;
    char const* tail = nullptr;
    auto const size = static_cast<int>(sql.size());
    if (sqlite3_prepare_v3(handle, sql.data(), size, SQLITE_PREPARE_PERSISTENT, &raw, &tail) !=
        SQLITE_OK)
        return sqlite_error(handle, "prepare");
    // A second statement would be silently ignored by SQLite: whoever wrote it believes it ran.
    ECLUSE_ASSERT(raw != nullptr);
    ECLUSE_ASSERT(tail == sql.data() + sql.size());
    return Statement{handle, raw};
}

Result<> Statement::bind(std::vector<SqlValue> const& parameters)
{
    // SQLite numbers "$2" by its first appearance: the digits of the name are what counts.
    auto* const statement = statement_.get();
    auto const count = sqlite3_bind_parameter_count(statement);
    ECLUSE_ASSERT(static_cast<std::size_t>(count) == parameters.size());
    for (int index = 1; index <= count; ++index) {
        auto const* const name = sqlite3_bind_parameter_name(statement, index);
        ECLUSE_ASSERT(name != nullptr && name[0] == '$');
        std::size_t number = 0;
        auto const* const end = name + std::strlen(name);
        ECLUSE_ASSERT(std::from_chars(name + 1, end, number).ptr == end);
        ECLUSE_ASSERT(number >= 1 && number <= parameters.size());
        auto const& value = parameters[number - 1];
        int code = SQLITE_OK;
        if (auto const* const integer = std::get_if<std::int64_t>(&value))
            code = sqlite3_bind_int64(statement, index, *integer);
        else if (auto const* const text = std::get_if<std::string>(&value))
            code = sqlite3_bind_text64(
                statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8
            );
        else if (auto const* const blob = std::get_if<Blob>(&value))
            code = sqlite3_bind_blob64(
                statement, index, blob->bytes.data(), blob->bytes.size(), SQLITE_STATIC
            );
        else
            code = sqlite3_bind_null(statement, index);
        if (code != SQLITE_OK) return sqlite_error(handle_, "bind");
    }
    return {};
}

Result<Row> Statement::current_row() const
{
    auto* const statement = statement_.get();
    std::vector<SqlValue> values;
    values.reserve(names_->size());
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
        auto const bytes = [&](void const* data) {
            auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
            return size == 0 ? std::string{} : std::string{static_cast<char const*>(data), size};
        };
        switch (sqlite3_column_type(statement, column)) {
        case SQLITE_NULL:
            values.emplace_back();
            break;
        case SQLITE_INTEGER:
            values.emplace_back(std::int64_t{sqlite3_column_int64(statement, column)});
            break;
        case SQLITE_TEXT:
            values.emplace_back(bytes(sqlite3_column_text(statement, column)));
            break;
        case SQLITE_BLOB:
            values.emplace_back(Blob{bytes(sqlite3_column_blob(statement, column))});
            break;
        default:
            return Error{Errc::malformed, "a column is a real number"};
        }
    }
    return Row{names_, std::move(values)};
}

Result<std::vector<Row>> Statement::step_all(std::size_t rows_max)
{
    std::vector<Row> rows;
    for (;;) {
        auto const code = sqlite3_step(statement_.get());
        if (code == SQLITE_DONE) return rows;
        if (code != SQLITE_ROW) return sqlite_error(handle_, "run");
        if (rows.size() == rows_max)
            return Error{
                Errc::too_large, "query has more than " + std::to_string(rows_max) + " rows"};
        rows.push_back(ECLUSE_TRY(current_row()));
    }
}

Result<std::vector<Row>>
Statement::run(std::vector<SqlValue> const& parameters, std::size_t rows_max)
{
    // Bound values are borrowed: nothing of them may stay behind in a cached statement.
    struct Reset {
        sqlite3_stmt* statement;
        ~Reset()
        {
            sqlite3_reset(statement);
            sqlite3_clear_bindings(statement);
        }
    } const reset{statement_.get()};
    ECLUSE_TRY(bind(parameters));
    return step_all(rows_max);
}

} // namespace ecluse
