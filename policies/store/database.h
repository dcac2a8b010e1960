#pragma once

#include "common/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

/// The only SQLite in the product. One process, one connection, synchronous=FULL: an answer exists
/// only after its rows are on disk. Parameters are written $1..$n in order, so that the same texts
/// serve PostgreSQL one day.
namespace ecluse {

struct Blob {
    std::string bytes;
};
/// What goes into and comes out of a column; monostate is NULL.
using SqlValue = std::variant<std::monostate, std::int64_t, std::string, Blob>;

/// `std::nullopt` as NULL.
[[nodiscard]] inline SqlValue nullable(std::optional<std::string> const& text)
{
    return text ? SqlValue{*text} : SqlValue{};
}
[[nodiscard]] inline SqlValue nullable(std::optional<std::int64_t> number)
{
    return number ? SqlValue{*number} : SqlValue{};
}

/// One answer row, read by column name. Asking a name or type that the query does not have is a bug
/// and stops the process.
class Row {
public:
    Row(std::shared_ptr<std::vector<std::string> const> names, std::vector<SqlValue> values)
        : names_{std::move(names)}, values_{std::move(values)}
    {
    }

    [[nodiscard]] std::string text(std::string_view column) const;
    [[nodiscard]] std::optional<std::string> optional_text(std::string_view column) const;
    [[nodiscard]] std::int64_t number(std::string_view column) const;
    [[nodiscard]] std::optional<std::int64_t> optional_number(std::string_view column) const;
    [[nodiscard]] std::string blob(std::string_view column) const;
    [[nodiscard]] std::optional<std::string> optional_blob(std::string_view column) const;

private:
    [[nodiscard]] SqlValue const& at(std::string_view column) const;

    std::shared_ptr<std::vector<std::string> const> names_;
    std::vector<SqlValue> values_;
};

class Database {
public:
    /// Creates the file (0600) or opens it, checks it (quick_check), applies missing migrations in
    /// one transaction. A damaged or newer database is an error: never opened half.
    [[nodiscard]] static Result<Database> open(std::string const& path);
    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    /// `rows_max` is refused beyond, never cut: callers page with LIMIT.
    [[nodiscard]] Result<std::vector<Row>> rows(
        std::string_view sql,
        std::vector<SqlValue> const& parameters = {},
        std::size_t rows_max = 10000
    );
    /// At most one row.
    [[nodiscard]] Result<std::optional<Row>>
    row(std::string_view sql, std::vector<SqlValue> const& parameters = {});
    /// Number of rows changed.
    Result<std::int64_t> run(std::string_view sql, std::vector<SqlValue> const& parameters = {});

    /// All of `work` or nothing. Not nested.
    Result<> transaction(std::function<Result<>()> const& work);

private:
    struct Impl;
    explicit Database(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace ecluse
