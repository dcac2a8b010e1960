#include "policies/store/listing.h"

#include "common/json.h"
#include "common/time.h"

namespace ecluse::store {
namespace {

json::array split(std::string_view joined)
{
    json::array parts;
    while (!joined.empty()) {
        auto const comma = joined.find(',');
        parts.emplace_back(joined.substr(0, comma));
        joined = comma == std::string_view::npos ? std::string_view{} : joined.substr(comma + 1);
    }
    return parts;
}

json::value shown_number(std::int64_t number, As as)
{
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    switch (as) {
    case As::instant:
        return json::value(to_iso(UtcTime{seconds{number}}));
    case As::millis:
        return json::value(to_iso(to_seconds(UtcMillis{milliseconds{number}})));
    case As::flag:
        return json::value(number != 0);
    case As::text:
    case As::number:
    case As::list:
    case As::object:
        return json::value(number);
    }
    return nullptr;
}

json::value shown_value(Row const& row, Column const& column)
{
    switch (column.as) {
    case As::text: {
        auto const text = row.optional_text(column.name);
        return text ? json::value(*text) : json::value(nullptr);
    }
    case As::list:
        return split(row.optional_text(column.name).value_or(""));
    case As::object: {
        auto const text = row.optional_text(column.name);
        if (!text) return nullptr;
        boost::system::error_code fault;
        auto value = json::parse(*text, fault);
        return fault ? json::value(nullptr) : value;
    }
    case As::number:
    case As::instant:
    case As::millis:
    case As::flag: {
        auto const number = row.optional_number(column.name);
        return number ? shown_number(*number, column.as) : json::value(nullptr);
    }
    }
    return nullptr;
}

} // namespace

json::object shown(Row const& row, std::vector<Column> const& columns)
{
    json::object object;
    for (auto const& column : columns)
        object[column.name] = shown_value(row, column);
    return object;
}

Result<json::array> shown_rows(
    Database& database,
    std::string const& sql,
    std::vector<SqlValue> const& parameters,
    std::vector<Column> const& columns
)
{
    json::array all;
    for (auto const& row : ECLUSE_TRY(database.rows(sql, parameters)))
        all.push_back(shown(row, columns));
    return all;
}

} // namespace ecluse::store
