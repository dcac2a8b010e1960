#include "policies/policyd/refusals.h"

#include "common/bytes.h"
#include "common/json.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/store/database.h"

namespace ecluse::policyd {
namespace {

/// Short enough to be read over the phone, long enough not to meet twice.
constexpr std::size_t reference_letters = 6;

} // namespace

Result<std::string> record_refusal(Context& context, RefusalRecord const& refusal)
{
    auto const reference = "R-" + random_spelling(reference_letters);
    auto const at = context.clock.utc_now();
    json::object event{
        {"actor", refusal.person ? *refusal.person : "unknown"},
        {"source", refusal.address},
        {"object", reference},
        {"outcome", refusal.code},
        {"door", refusal.door}};
    if (refusal.login) event["login"] = printable(*refusal.login, 64);
    if (refusal.asset) event["asset"] = printable(*refusal.asset, 64);
    if (refusal.window) event["window"] = *refusal.window;
    if (!refusal.detail.empty()) event["detail"] = printable(refusal.detail);
    ECLUSE_TRY(context.journal.record(at, refusal.type, event, [&]() -> Result<> {
        ECLUSE_TRY(context.database.run(
            "INSERT INTO refusal (reference, at_ms, code, door, address, login, person, asset, "
            "access_window, detail) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            {reference,
             at.time_since_epoch().count(),
             refusal.code,
             refusal.door,
             refusal.address,
             nullable(refusal.login),
             nullable(refusal.person),
             nullable(refusal.asset),
             nullable(refusal.window),
             refusal.detail}
        ));
        return {};
    }));
    return reference;
}

} // namespace ecluse::policyd
