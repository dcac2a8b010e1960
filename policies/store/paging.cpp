#include "policies/store/paging.h"

#include "common/bytes.h"
#include "common/json.h"

#include <charconv>

namespace ecluse::store {
namespace {

struct Place {
    SqlValue key;
    std::string id;
};

/// Opaque: whoever holds one learns nothing that the row did not say, and one that was made up
/// only begins elsewhere in what its holder may see.
std::string to_cursor(Row const& last, Order::Key kind)
{
    auto const key = kind == Order::Key::text_rising ? last.text("page_key")
                                                     : std::to_string(last.number("page_key"));
    return to_hex(key + '\n' + last.text("page_id"));
}

Result<Place> parse_cursor(std::string_view cursor, Order::Key kind)
{
    Error const none{Errc::malformed, "not a cursor of this list"};
    auto const text = from_hex(cursor);
    if (cursor.size() > cursor_bytes_max || !text) return none;
    auto const end = text->rfind('\n');
    if (end == std::string::npos || text->find('\0') != std::string::npos) return none;
    auto const key = text->substr(0, end);
    if (kind == Order::Key::text_rising) return Place{key, text->substr(end + 1)};
    std::int64_t number = 0;
    auto const [stop, fault] = std::from_chars(key.data(), key.data() + key.size(), number);
    if (fault != std::errc{} || stop != key.data() + key.size()) return none;
    return Place{number, text->substr(end + 1)};
}

} // namespace

Paged& Paged::where(std::string_view condition)
{
    conditions_ += conditions_.empty() ? " WHERE " : " AND ";
    conditions_ += condition;
    return *this;
}

Paged& Paged::where(std::string_view condition, SqlValue value)
{
    parameters_.push_back(std::move(value));
    auto const hole = "$" + std::to_string(parameters_.size());
    std::string filled;
    for (char const letter : condition)
        filled += letter == '?' ? hole : std::string(1, letter);
    return where(filled);
}

Result<Paged::Rows> Paged::rows(Database& database, std::optional<std::string> const& after) const
{
    bool const rising = order_.kind == Order::Key::text_rising;
    auto sql = select_ + conditions_;
    auto parameters = parameters_;
    auto const columns = "(" + std::string{order_.key} + ", " + std::string{order_.id} + ")";
    if (after) {
        auto place = ECLUSE_TRY(parse_cursor(*after, order_.kind));
        auto const first = parameters.size() + 1;
        sql += (conditions_.empty() ? " WHERE " : " AND ") + columns + (rising ? " > " : " < ") +
               "($" + std::to_string(first) + ", $" + std::to_string(first + 1) + ")";
        parameters.push_back(std::move(place.key));
        parameters.emplace_back(std::move(place.id));
    }
    auto const way = std::string{rising ? "" : " DESC"};
    sql += " ORDER BY " + std::string{order_.key} + way + ", " + std::string{order_.id} + way +
           " LIMIT " + std::to_string(page_rows + 1);
    Rows found{ECLUSE_TRY(database.rows(sql, parameters)), std::nullopt};
    if (found.rows.size() > page_rows) {
        found.rows.pop_back();
        found.next = to_cursor(found.rows.back(), order_.kind);
    }
    return found;
}

Result<json::object> Paged::page(
    Database& database, std::optional<std::string> const& after, std::vector<Column> const& columns
) const
{
    auto const found = ECLUSE_TRY(rows(database, after));
    json::array all;
    for (auto const& row : found.rows)
        all.push_back(shown(row, columns));
    json::object list{{"rows", std::move(all)}, {"more", found.next.has_value()}};
    if (found.next) list["next"] = *found.next;
    return list;
}

} // namespace ecluse::store
