#include "policies/core/roles.h"

#include "common/result.h"

namespace ecluse {

namespace {

bool is_watcher(Role role)
{
    return role == Role::rssi || role == Role::auditor || role == Role::log_manager;
}

bool is_watched(Role role)
{
    return role == Role::dsi || role == Role::platform_admin;
}

bool incompatible(Role a, Role b)
{
    // WEB:TR3: those who keep and read the traces are not those whose acts are traced.
    if (is_watcher(a) && is_watched(b)) return true;
    // WEB:AA1: nobody sits on both sides of the lock.
    return !is_hospital(a) && is_hospital(b);
}

} // namespace

std::string_view to_code(Role role)
{
    switch (role) {
    case Role::technician:
        return "technician";
    case Role::vendor_manager:
        return "vendor_manager";
    case Role::dsi:
        return "dsi";
    case Role::rssi:
        return "rssi";
    case Role::auditor:
        return "auditor";
    case Role::log_manager:
        return "log_manager";
    case Role::platform_admin:
        return "platform_admin";
    case Role::escort:
        return "escort";
    }
    assertion_failed("Role", __FILE__, __LINE__);
}

std::optional<Role> parse_role(std::string_view code)
{
    for (auto const role : every_role)
        if (to_code(role) == code) return role;
    return std::nullopt;
}

bool is_hospital(Role role)
{
    return role != Role::technician && role != Role::vendor_manager;
}

std::optional<std::pair<Role, Role>> conflict(Roles roles)
{
    for (auto const a : every_role)
        for (auto const b : every_role)
            if (roles.has(a) && roles.has(b) && incompatible(a, b)) return std::pair{a, b};
    return std::nullopt;
}

} // namespace ecluse
