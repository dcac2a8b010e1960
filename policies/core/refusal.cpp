#include "policies/core/refusal.h"

#include "common/result.h"
#include "policies/core/code_text.h"

namespace ecluse {

std::string_view code(Refusal refusal)
{
    switch (refusal) {
    case Refusal::factors_missing:
        return "E-CPT-05";
    case Refusal::person_not_active:
        return "E-CPT-01";
    case Refusal::identity_not_verified:
        return "E-CPT-03";
    case Refusal::role_missing:
        return "E-CPT-06";
    case Refusal::password_too_old:
        return "E-CPT-07";
    case Refusal::clock_not_trusted:
        return "E-HOR-01";
    case Refusal::state_rolled_back:
        return "E-TEM-01";
    case Refusal::address_not_declared:
        return "E-IP-01";
    case Refusal::vendor_suspended:
        return "E-CPT-04";
    case Refusal::contract_not_in_date:
        return "E-CTR-01";
    case Refusal::charter_not_accepted:
        return "E-CPT-02";
    case Refusal::report_overdue:
        return "E-CR-01";
    case Refusal::no_window:
        return "E-FEN-01";
    case Refusal::before_window:
        return "E-FEN-02";
    case Refusal::after_window:
        return "E-FEN-03";
    case Refusal::window_not_opened:
        return "E-FEN-04";
    case Refusal::asset_not_in_window:
        return "E-CIB-01";
    case Refusal::asset_not_in_contract:
        return "E-CTR-02";
    case Refusal::asset_suspended:
        return "E-CIB-05";
    case Refusal::account_not_allowed:
        return "E-CIB-04";
    case Refusal::asset_unreachable:
        return "E-CIB-02";
    case Refusal::asset_identity_changed:
        return "E-CIB-03";
    case Refusal::target_refuses_account:
        return "E-CIB-07";
    case Refusal::function_not_permitted:
        return "E-FON-01";
    case Refusal::escort_absent:
        return "E-ACC-01";
    case Refusal::session_elsewhere:
        return "E-SES-01";
    case Refusal::session_limit:
        return "E-SES-02";
    case Refusal::recorder_unavailable:
        return "E-ENR-01";
    }
    assertion_failed("Refusal", __FILE__, __LINE__);
}

TextKey reason(Refusal refusal)
{
    return text_for_code("refusal", code(refusal), "reason");
}

TextKey action(Refusal refusal)
{
    return text_for_code("refusal", code(refusal), "action");
}

bool waits_for_hospital(Refusal refusal)
{
    return refusal == Refusal::window_not_opened || refusal == Refusal::escort_absent;
}

} // namespace ecluse
