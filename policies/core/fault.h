#pragma once

#include "common/address.h"
#include "common/text.h"

#include <array>
#include <string_view>

namespace ecluse {

/// Why an act on an object is not allowed: the counterpart of Refusal for requests, approvals,
/// reports, declarations and settings.
enum class Fault {
    window_state,
    window_role,
    window_own_request,
    window_own_work,
    window_reason_missing,
    window_ends_before_start,
    window_too_long,
    window_emergency_too_long,
    window_start_past,
    window_usage_hours,
    window_not_later,
    window_nobody,
    window_outside_request,
    emergency_unreviewed,
    emergency_report_late,
    emergency_only_lift,
    emergency_not_over,
    escort_early,
    escort_role,
    report_state,
    report_role,
    report_comment_missing,
    declaration_everybody,
    declaration_too_wide,
    declaration_private,
    declaration_not_a_source,
    password_too_short,
    password_too_long,
    password_characters,
    password_classes,
    password_own_word,
    password_guessable,
    roles_conflict,
    retention_journal,
    retention_recordings,
};

inline constexpr std::array every_fault{
    Fault::window_state,
    Fault::window_role,
    Fault::window_own_request,
    Fault::window_own_work,
    Fault::window_reason_missing,
    Fault::window_ends_before_start,
    Fault::window_too_long,
    Fault::window_emergency_too_long,
    Fault::window_start_past,
    Fault::window_usage_hours,
    Fault::window_not_later,
    Fault::window_nobody,
    Fault::window_outside_request,
    Fault::emergency_unreviewed,
    Fault::emergency_report_late,
    Fault::emergency_only_lift,
    Fault::emergency_not_over,
    Fault::escort_early,
    Fault::escort_role,
    Fault::report_state,
    Fault::report_role,
    Fault::report_comment_missing,
    Fault::declaration_everybody,
    Fault::declaration_too_wide,
    Fault::declaration_private,
    Fault::declaration_not_a_source,
    Fault::password_too_short,
    Fault::password_too_long,
    Fault::password_characters,
    Fault::password_classes,
    Fault::password_own_word,
    Fault::password_guessable,
    Fault::roles_conflict,
    Fault::retention_journal,
    Fault::retention_recordings};

/// "E-CRE-03".
[[nodiscard]] std::string_view code(Fault fault);
/// Complete sentences without holes.
[[nodiscard]] TextKey reason(Fault fault);
[[nodiscard]] TextKey action(Fault fault);

[[nodiscard]] Fault to_fault(DeclarationFault fault);

} // namespace ecluse
