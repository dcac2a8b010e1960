#pragma once

#include "common/text.h"

#include <array>
#include <string_view>

namespace ecluse {

/// Why a person may not have a session. Each has a code that is the same on SSH, RDP, the portal,
/// in mails and on the telephone, a reason and what to do next.
enum class Refusal {
    factors_missing,
    person_not_active,
    identity_not_verified,
    role_missing,
    password_too_old,
    clock_not_trusted,
    state_rolled_back,
    address_not_declared,
    vendor_suspended,
    contract_not_in_date,
    charter_not_accepted,
    report_overdue,
    no_window,
    before_window,
    after_window,
    window_not_opened,
    asset_not_in_window,
    asset_not_in_contract,
    asset_suspended,
    account_not_allowed,
    asset_unreachable,
    asset_identity_changed,
    target_refuses_account,
    function_not_permitted,
    escort_absent,
    session_elsewhere,
    session_limit,
    recorder_unavailable,
};

inline constexpr std::array every_refusal{
    Refusal::factors_missing,
    Refusal::person_not_active,
    Refusal::identity_not_verified,
    Refusal::role_missing,
    Refusal::password_too_old,
    Refusal::clock_not_trusted,
    Refusal::state_rolled_back,
    Refusal::address_not_declared,
    Refusal::vendor_suspended,
    Refusal::contract_not_in_date,
    Refusal::charter_not_accepted,
    Refusal::report_overdue,
    Refusal::no_window,
    Refusal::before_window,
    Refusal::after_window,
    Refusal::window_not_opened,
    Refusal::asset_not_in_window,
    Refusal::asset_not_in_contract,
    Refusal::asset_suspended,
    Refusal::account_not_allowed,
    Refusal::asset_unreachable,
    Refusal::asset_identity_changed,
    Refusal::target_refuses_account,
    Refusal::function_not_permitted,
    Refusal::escort_absent,
    Refusal::session_elsewhere,
    Refusal::session_limit,
    Refusal::recorder_unavailable};

/// "E-FEN-01".
[[nodiscard]] std::string_view code(Refusal refusal);
/// Sentences with holes among {ip} {company} {start} {end} {asset} {account} {report} {url}
/// {phone}.
[[nodiscard]] TextKey reason(Refusal refusal);
[[nodiscard]] TextKey action(Refusal refusal);
/// The window is there and the hospital has one more thing to do: asking again may be granted.
[[nodiscard]] bool waits_for_hospital(Refusal refusal);

} // namespace ecluse
