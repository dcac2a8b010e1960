#include "policies/core/fault.h"

#include "common/result.h"
#include "policies/core/code_text.h"

namespace ecluse {

std::string_view code(Fault fault)
{
    switch (fault) {
    case Fault::window_state:
        return "E-CRE-01";
    case Fault::window_role:
        return "E-CRE-02";
    case Fault::window_own_request:
        return "E-CRE-03";
    case Fault::window_own_work:
        return "E-CRE-04";
    case Fault::window_reason_missing:
        return "E-CRE-05";
    case Fault::window_ends_before_start:
        return "E-CRE-06";
    case Fault::window_too_long:
        return "E-CRE-07";
    case Fault::window_emergency_too_long:
        return "E-CRE-08";
    case Fault::window_start_past:
        return "E-CRE-09";
    case Fault::window_usage_hours:
        return "E-CRE-10";
    case Fault::window_not_later:
        return "E-CRE-11";
    case Fault::window_nobody:
        return "E-CRE-12";
    case Fault::window_outside_request:
        return "E-CRE-13";
    case Fault::emergency_unreviewed:
        return "E-URG-01";
    case Fault::emergency_report_late:
        return "E-URG-02";
    case Fault::emergency_only_lift:
        return "E-URG-03";
    case Fault::emergency_not_over:
        return "E-URG-04";
    case Fault::escort_early:
        return "E-ACC-02";
    case Fault::escort_role:
        return "E-ACC-03";
    case Fault::report_state:
        return "E-RAP-01";
    case Fault::report_role:
        return "E-RAP-02";
    case Fault::report_comment_missing:
        return "E-RAP-03";
    case Fault::declaration_everybody:
        return "E-DEC-01";
    case Fault::declaration_too_wide:
        return "E-DEC-02";
    case Fault::declaration_private:
        return "E-DEC-03";
    case Fault::declaration_not_a_source:
        return "E-DEC-04";
    case Fault::password_too_short:
        return "E-MDP-01";
    case Fault::password_too_long:
        return "E-MDP-02";
    case Fault::password_characters:
        return "E-MDP-03";
    case Fault::password_classes:
        return "E-MDP-04";
    case Fault::password_own_word:
        return "E-MDP-05";
    case Fault::password_guessable:
        return "E-MDP-06";
    case Fault::roles_conflict:
        return "E-ROL-01";
    case Fault::retention_journal:
        return "E-CON-01";
    case Fault::retention_recordings:
        return "E-CON-02";
    }
    assertion_failed("Fault", __FILE__, __LINE__);
}

TextKey reason(Fault fault)
{
    return text_for_code("fault", code(fault), "reason");
}

TextKey action(Fault fault)
{
    return text_for_code("fault", code(fault), "action");
}

Fault to_fault(DeclarationFault fault)
{
    switch (fault) {
    case DeclarationFault::everybody:
        return Fault::declaration_everybody;
    case DeclarationFault::too_wide:
        return Fault::declaration_too_wide;
    case DeclarationFault::private_range:
        return Fault::declaration_private;
    case DeclarationFault::not_a_source:
        return Fault::declaration_not_a_source;
    }
    assertion_failed("DeclarationFault", __FILE__, __LINE__);
}

} // namespace ecluse
