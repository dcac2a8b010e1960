#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

namespace ecluse {

enum class Role : std::uint8_t {
    technician,
    vendor_manager,
    dsi,
    rssi,
    auditor,
    log_manager,
    platform_admin,
    escort
};

inline constexpr std::array every_role{
    Role::technician,
    Role::vendor_manager,
    Role::dsi,
    Role::rssi,
    Role::auditor,
    Role::log_manager,
    Role::platform_admin,
    Role::escort};

/// "dsi", "log_manager".
[[nodiscard]] std::string_view to_code(Role role);
[[nodiscard]] std::optional<Role> parse_role(std::string_view code);
/// Everybody who works for the hospital; the others work for a vendor.
[[nodiscard]] bool is_hospital(Role role);

/// The roles of one person.
class Roles {
public:
    Roles() = default;
    Roles(std::initializer_list<Role> roles)
    {
        for (auto const role : roles)
            add(role);
    }
    void add(Role role) { bits_ |= bit(role); }
    [[nodiscard]] bool has(Role role) const { return (bits_ & bit(role)) != 0; }
    [[nodiscard]] bool empty() const { return bits_ == 0; }
    friend bool operator==(Roles, Roles) = default;

private:
    static constexpr std::uint32_t bit(Role role) { return 1U << static_cast<unsigned>(role); }
    std::uint32_t bits_ = 0;
};

/// Two roles of the set that one person may not hold together, if there are such.
[[nodiscard]] std::optional<std::pair<Role, Role>> conflict(Roles roles);

} // namespace ecluse
