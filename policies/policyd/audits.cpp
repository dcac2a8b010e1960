#include "policies/policyd/audits.h"

#include "policies/config/config.h"
#include "policies/core/audit_rules.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"

namespace ecluse::policyd {
namespace {

using namespace std::chrono;

constexpr days looked_back{365};

std::optional<UtcTime> instant(std::optional<std::int64_t> at)
{
    if (!at) return std::nullopt;
    return UtcTime{seconds{*at}};
}

} // namespace

Result<AuditDue> audit_due(Context& context)
{
    auto const now = context.clock.decision_now();
    AuditDue due;
    due.standing = ECLUSE_TRY(
        store::audit_standing(context.database, (now - looked_back).time_since_epoch().count())
    );
    due.next = next_audit(
        instant(due.standing.last_signed),
        instant(due.standing.first_session),
        months{context.config.audits.every_months}
    );
    due.is_due = due.next && now >= *due.next;
    return due;
}

} // namespace ecluse::policyd
