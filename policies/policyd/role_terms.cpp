#include "policies/policyd/role_terms.h"

#include "common/json.h"
#include "common/log.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_session.h"
#include "policies/store/persons.h"

namespace ecluse::policyd {
namespace {

Result<> end_expired(Context& context)
{
    auto const now = context.clock.decision_now().time_since_epoch().count();
    for (auto const& [person, role] : ECLUSE_TRY(store::expired_logins(context.database, now)))
        ECLUSE_TRY(context.journal.record(
            context.clock.utc_now(),
            "role.expired",
            json::object{
                {"actor", "system"},
                {"source", "local"},
                {"object", person},
                {"outcome", "ok"},
                {"role", role}},
            [&context, person = person] { return operator_session::end_all_of(context, person); }
        ));
    return {};
}

} // namespace

void RoleTerms::start(Context& context)
{
    context_ = &context;
    watching_ = context.loop.every(period, [this] { round(); });
}

void RoleTerms::round()
{
    if (auto const done = end_expired(*context_); !done)
        log(LogLevel::error, "roles at their term: " + done.error().what);
}

} // namespace ecluse::policyd
