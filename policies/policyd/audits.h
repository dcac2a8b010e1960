#pragma once

#include "common/result.h"
#include "common/time.h"
#include "policies/store/audits.h"

#include <optional>

namespace ecluse::policyd {

struct Context;

/// How the hospital stands with the audits of its traces (HDS:EXI-19).
struct AuditDue {
    std::optional<UtcTime> next; // nothing: no session has ever ended
    bool is_due = false;
    store::AuditStanding standing; // of the last twelve months
};
[[nodiscard]] Result<AuditDue> audit_due(Context& context);

} // namespace ecluse::policyd
