#pragma once

#include "policies/store/database.h"
#include "policies/store/listing.h"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Lists that grow, a page at a time. A page begins after a row, not at a number: what is inserted
/// meanwhile moves nothing, and the thousandth page costs what the first does.
namespace ecluse::store {

constexpr std::size_t page_rows = 100;
constexpr std::size_t cursor_bytes_max = 512;

/// What a list is ordered by. The statement also selects both, AS page_key and page_id.
struct Order {
    std::string_view key, id;
    enum class Key { number_falling, text_rising } kind = Key::number_falling;
};

class Paged {
public:
    /// `select` up to its last JOIN, without WHERE; `parameters` are those that it names itself.
    Paged(std::string_view select, Order order, std::vector<SqlValue> parameters = {})
        : select_{select}, order_{order}, parameters_{std::move(parameters)}
    {
    }

    /// A condition whose every "?" is `value`. Only what was asked is in the statement, so that an
    /// index serves it.
    Paged& where(std::string_view condition, SqlValue value);
    Paged& where(std::string_view condition);
    template <class Value>
    Paged& where_if(std::optional<Value> const& value, std::string_view condition)
    {
        return value ? where(condition, *value) : *this;
    }

    struct Rows {
        std::vector<Row> rows;
        std::optional<std::string> next; // the cursor of the page after; nothing at the end
    };
    /// `after`: a cursor of this list, or nothing for its beginning. Errc::malformed: it is none.
    [[nodiscard]] Result<Rows>
    rows(Database& database, std::optional<std::string> const& after) const;
    /// {"rows":[…],"more":bool,"next":"…"}.
    [[nodiscard]] Result<boost::json::object> page(
        Database& database,
        std::optional<std::string> const& after,
        std::vector<Column> const& columns
    ) const;

private:
    std::string select_, conditions_;
    Order order_;
    std::vector<SqlValue> parameters_;
};

} // namespace ecluse::store
