#include "policies/policyd/violations.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"

namespace ecluse::policyd {

void journal_violation(
    Context& context, std::string_view role, std::string_view address, std::string_view why
)
{
    auto const done = context.journal.record(
        context.clock.utc_now(),
        "protocol.violation",
        json::object{
            {"actor", "system"},
            {"source", address.empty() ? "local" : address},
            {"object", role},
            {"outcome", "connection ended"},
            {"detail", printable(why)}}
    );
    if (!done) log(LogLevel::error, "journal protocol.violation: " + done.error().what);
}

} // namespace ecluse::policyd
