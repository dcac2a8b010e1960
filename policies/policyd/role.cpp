#include "policies/policyd/role.h"

#include <algorithm>

namespace ecluse::policyd {

bool Caller::has_role(std::string_view role) const
{
    return std::find(roles.begin(), roles.end(), role) != roles.end();
}

void RequestTable::add(std::string name, RequestRow row)
{
    bool const is_new = rows_.emplace(std::move(name), std::move(row)).second;
    ECLUSE_ASSERT(is_new);
}

RequestRow const* RequestTable::find(std::string_view name) const
{
    auto const found = rows_.find(name);
    return found == rows_.end() ? nullptr : &found->second;
}

} // namespace ecluse::policyd
