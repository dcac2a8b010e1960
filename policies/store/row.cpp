#include "policies/store/database.h"

namespace ecluse {

SqlValue const& Row::at(std::string_view column) const
{
    for (std::size_t i = 0; i < names_->size(); ++i)
        if ((*names_)[i] == column) return values_[i];
    ECLUSE_ASSERT(!"the query has this column");
    __builtin_unreachable();
}

namespace {

template <class T> T const& get(SqlValue const& value)
{
    auto const* const held = std::get_if<T>(&value);
    ECLUSE_ASSERT(held != nullptr);
    return *held;
}

bool is_null(SqlValue const& value)
{
    return std::holds_alternative<std::monostate>(value);
}

} // namespace

std::string Row::text(std::string_view column) const
{
    return get<std::string>(at(column));
}

std::optional<std::string> Row::optional_text(std::string_view column) const
{
    auto const& value = at(column);
    if (is_null(value)) return std::nullopt;
    return get<std::string>(value);
}

std::int64_t Row::number(std::string_view column) const
{
    return get<std::int64_t>(at(column));
}

std::optional<std::int64_t> Row::optional_number(std::string_view column) const
{
    auto const& value = at(column);
    if (is_null(value)) return std::nullopt;
    return get<std::int64_t>(value);
}

std::string Row::blob(std::string_view column) const
{
    return get<Blob>(at(column)).bytes;
}

std::optional<std::string> Row::optional_blob(std::string_view column) const
{
    auto const& value = at(column);
    if (is_null(value)) return std::nullopt;
    return get<Blob>(value).bytes;
}

} // namespace ecluse
