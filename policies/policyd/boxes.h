#pragma once

#include <string>
#include <string_view>

namespace ecluse::policyd {

/// The `context` under which the vault seals each column: whoever writes and whoever reads a box
/// names it here, so that a box moved to another row does not open.
namespace box {
[[nodiscard]] inline std::string of(std::string_view table, std::string_view id)
{
    return std::string{table} + "/" + std::string{id};
}
[[nodiscard]] inline std::string secret(std::string_view name)
{
    return of("secret", name);
}
[[nodiscard]] inline std::string authenticator(std::string_view id)
{
    return of("authenticator", id);
}
[[nodiscard]] inline std::string asset_account(std::string_view id)
{
    return of("asset_account", id);
}
[[nodiscard]] inline std::string session_event(std::string_view session)
{
    return of("session_event", session);
}
[[nodiscard]] inline std::string person_contact(std::string_view id)
{
    return of("person", id);
}
[[nodiscard]] inline std::string oncall_phone(std::string_view id)
{
    return of("oncall", id);
}
[[nodiscard]] inline std::string vendor_contact(std::string_view id)
{
    return of("vendor", id);
}
} // namespace box

} // namespace ecluse::policyd
