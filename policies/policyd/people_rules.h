#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Rules about names and about who answers for whom. Pure.
namespace ecluse::policyd {

enum class NameFault { generic_login, login_form, name_missing, mail_form };
/// CHM:8.2: an account is one natural person, with a name; mailboxes and functions are not people.
[[nodiscard]] std::optional<NameFault> judge_names(
    std::string_view login,
    std::string_view first_name,
    std::string_view last_name,
    std::string_view mail
);

/// Whether holders of `granters` may give or take `role`: the DSI answers for vendors' people, the
/// RSSI for those who control (WEB:TR3, CLAUSIER:O-12.3.7), the platform's administrator for the
/// hospital's staff.
[[nodiscard]] bool may_grant(std::vector<std::string> const& granters, std::string_view role);

} // namespace ecluse::policyd
