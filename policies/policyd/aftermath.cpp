#include "policies/policyd/aftermath.h"

#include "common/json.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/store/database.h"

namespace ecluse::policyd {

Result<> close_lost_sessions(Context& context)
{
    for (auto const& row :
         ECLUSE_TRY(context.database.rows("SELECT id, person FROM session WHERE ended_ms IS NULL")
         )) {
        auto const id = row.text("id");
        auto const at = context.clock.utc_now();
        json::object const event{
            {"actor", "system"},
            {"source", "local"},
            {"object", id},
            {"outcome", "policyd_lost"},
            {"person", row.text("person")}};
        ECLUSE_TRY(context.journal.record(at, "session.ended", event, [&]() -> Result<> {
            ECLUSE_TRY(context.database.run(
                "UPDATE session SET ended_ms = $1, end_reason = 'policyd_lost' WHERE id = $2",
                {at.time_since_epoch().count(), id}
            ));
            return {};
        }));
    }
    return {};
}

} // namespace ecluse::policyd
