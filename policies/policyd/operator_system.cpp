#include "common/json.h"
#include "policies/config/config.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/dial.h"
#include "policies/policyd/live.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/recorder_link.h"
#include "policies/policyd/role.h"
#include "policies/policyd/sources.h"
#include "policies/policyd/timestamps.h"
#include "policies/policyd/witnesses.h"
#include "policies/store/database.h"

#include <map>

namespace ecluse::policyd {
namespace {

/// A target that takes longer is reported as unreachable; nobody waits for more.
constexpr std::chrono::milliseconds target_wait{2000};
/// Targets tried in one check.
constexpr std::int64_t targets_max = 200;

Result<std::int64_t>
count(Context& context, char const* sql, std::vector<SqlValue> const& values = {})
{
    auto const row = ECLUSE_TRY(context.database.row(sql, values));
    return row ? row->number("n") : 0;
}

/// What this process knows of itself and its neighbours; no name of a person or a target.
Result<json::object> status_of(Context& context)
{
    auto const now = context.clock.decision_now().time_since_epoch().count();
    auto const head = context.journal.head();
    return json::object{
        {"version", ECLUSE_VERSION},
        {"recorder", context.recorder.state()},
        {"free_bytes", context.recorder.free_bytes()},
        {"live_sessions", static_cast<std::int64_t>(context.live.count())},
        {"clock_ahead_s", context.clock.ahead().count()},
        {"journal_sequence", head.sequence},
        {"witness", context.witnesses.status()},
        {"timestamps", context.timestamps.status()},
        {"declared_ranges",
         ECLUSE_TRY(count(
             context,
             "SELECT COUNT(*) AS n FROM authorized_source WHERE state = 'approved' AND "
             "valid_from <= $1 AND (valid_to IS NULL OR valid_to > $1)",
             {now}
         ))},
        {"late_reports",
         ECLUSE_TRY(count(
             context,
             "SELECT COUNT(*) AS n FROM report WHERE state IN ('due', 'draft', 'returned') AND "
             "due_at <= $1",
             {now}
         ))},
        {"unpinned_assets",
         ECLUSE_TRY(count(
             context,
             "SELECT COUNT(*) AS n FROM asset WHERE state = 'active' AND id NOT IN "
             "(SELECT asset FROM asset_host_key)"
         ))},
        {"unsealed_recordings",
         ECLUSE_TRY(count(
             context,
             "SELECT COUNT(*) AS n FROM session WHERE recording = 'open' AND ended_ms IS NOT NULL"
         ))},
        {"failed_recordings",
         ECLUSE_TRY(count(context, "SELECT COUNT(*) AS n FROM session WHERE recording = 'failed'")
         )},
        {"contracts_ending",
         ECLUSE_TRY(count(
             context,
             "SELECT COUNT(*) AS n FROM vendor WHERE state = 'active' AND contract_to <= $1",
             {now + 90 * 86400}
         ))},
        {"charter",
         ECLUSE_TRY(count(context, "SELECT COALESCE(MAX(version), 0) AS n FROM charter"))}};
}

Reply status(Context& context, Caller const&, Request& request)
{
    if (!request.fields.empty()) return Reply::violation("system.status: fields");
    return ECLUSE_TRY(status_of(context));
}

/// The dials of one check, kept until the last has answered.
struct TargetCheck {
    std::map<std::string, std::shared_ptr<Dial>> dials;
    json::array rows;
    std::size_t waiting = 0;
};

Reply targets(Context& context, Caller const&, Request& request, Answer const& answer)
{
    if (!request.fields.empty()) return Reply::violation("system.targets: fields");
    auto const found = ECLUSE_TRY(context.database.rows(
        "SELECT a.name, a.host, a.port, (SELECT COUNT(*) FROM asset_host_key k WHERE k.asset = "
        "a.id) "
        "AS keys FROM asset a WHERE a.state = 'active' ORDER BY a.name LIMIT $1",
        {targets_max}
    ));
    if (found.empty()) return rows_reply({});
    auto check = std::make_shared<TargetCheck>();
    check->waiting = found.size();
    for (auto const& row : found) {
        auto const name = row.text("name");
        bool const pinned = row.number("keys") > 0;
        auto done = [check, answer, name, pinned](Result<Fd> connected) {
            json::object line{
                {"asset", name}, {"pinned", pinned}, {"reachable", connected.has_value()}};
            if (!connected) line["why"] = connected.error().what;
            check->rows.push_back(std::move(line));
            if (--check->waiting == 0) answer.complete(rows_reply(std::move(check->rows)));
        };
        check->dials.emplace(
            name,
            Dial::start(
                context.loop,
                row.text("host"),
                static_cast<std::uint16_t>(row.number("port")),
                target_wait,
                std::move(done)
            )
        );
    }
    return Reply::later();
}

} // namespace

void add_system_requests(RequestTable& table, Context& context)
{
    // What an operator needs at night is not a secret among hospital staff.
    std::vector<std::string> const staff{"dsi", "rssi", "platform_admin", "auditor"};
    table.add(
        "system.status",
        {.handler = [&context](Caller const& caller, Request& request, Answer const&) -> Reply {
             return status(context, caller, request);
         },
         // Witness, timestamps and recordings that failed are the traces' own state.
         .roles = {"dsi", "rssi", "platform_admin", "auditor", "log_manager"}}
    );
    table.add(
        "system.targets",
        {.handler = [&context](Caller const& caller, Request& request, Answer const& answer)
             -> Reply { return targets(context, caller, request, answer); },
         .roles = staff}
    );
}

} // namespace ecluse::policyd
