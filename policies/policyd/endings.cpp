#include "policies/policyd/endings.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/text_keys.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"

namespace ecluse::policyd {
namespace endings {

Ending window_end()
{
    return {.reason = "window_end", .code = "E-FEN-03", .text = TextKey::ending_window};
}

Ending recorder_failed()
{
    return {.reason = "recorder_failed", .code = "E-ENR-01", .text = TextKey::ending_recorder};
}

Ending journal_failed()
{
    return {.reason = "recorder_failed", .code = "E-JOU-01", .text = TextKey::ending_journal};
}

Ending revoked()
{
    return {.reason = "revoked", .code = "E-RET-01", .text = TextKey::ending_revoked};
}

Ending clock()
{
    return {.reason = "clock", .code = "E-HOR-01", .text = TextKey::ending_clock};
}

Ending shutdown()
{
    return {.reason = "shutdown", .code = "E-SYS-03", .text = TextKey::ending_shutdown};
}

Ending flood()
{
    return {.reason = "cut", .code = "E-FLX-01", .text = TextKey::ending_flood};
}

Ending login_over()
{
    return {.reason = "revoked", .code = "E-TRM-03", .text = TextKey::ending_login_over};
}

} // namespace endings

void journal_service(Context& context, std::string_view type, std::string_view detail)
{
    auto const done = context.journal.record(
        context.clock.utc_now(),
        type,
        json::object{
            {"actor", "system"},
            {"source", "local"},
            {"object", "service"},
            {"outcome", printable(detail)}}
    );
    if (!done) log(LogLevel::error, "journal " + std::string{type} + ": " + done.error().what);
}

} // namespace ecluse::policyd
