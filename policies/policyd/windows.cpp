#include "policies/policyd/windows.h"

#include "common/bytes.h"
#include "common/json.h"
#include "policies/core/report_rules.h"
#include "policies/core/window_rules.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/live.h"
#include "policies/policyd/report_policy.h"
#include "policies/store/database.h"
#include "policies/store/escorts.h"

namespace ecluse::policyd {
namespace {

UtcTime instant(std::int64_t seconds)
{
    return UtcTime{std::chrono::seconds{seconds}};
}

/// When the sessions of this window were, up to `now` for those that still run.
Result<std::vector<Span>> sessions_of(Context& context, std::string const& window, UtcTime now)
{
    std::vector<Span> spans;
    for (auto const& row : ECLUSE_TRY(context.database.rows(
             "SELECT started_ms, ended_ms FROM session WHERE access_window = $1", {window}
         ))) {
        auto const ended = row.optional_number("ended_ms");
        spans.push_back(
            {instant(row.number("started_ms") / 1000), ended ? instant(*ended / 1000) : now}
        );
    }
    return spans;
}

/// The report that a used window owes, if it does not exist yet. Within the caller's transaction.
Result<std::optional<std::string>>
make_report_due(Context& context, std::string const& window, UtcTime now)
{
    auto const spans = ECLUSE_TRY(sessions_of(context, window, now));
    if (spans.empty()) return std::optional<std::string>{};
    auto const there =
        ECLUSE_TRY(context.database.row("SELECT id FROM report WHERE access_window = $1", {window})
        );
    if (there) return std::optional<std::string>{};
    auto const report = random_id('R');
    auto const due = report_deadline(now, spans, working_calendar(context.config));
    ECLUSE_TRY(context.database.run(
        "INSERT INTO report (id, access_window, state, due_at, created_at) VALUES ($1, $2, 'due', "
        "$3, $4)",
        {report, window, due.time_since_epoch().count(), now.time_since_epoch().count()}
    ));
    return std::optional{report};
}

Result<>
journal_report(Context& context, std::optional<std::string> const& report, std::string_view window)
{
    if (!report) return {};
    ECLUSE_TRY(context.journal.record(
        context.clock.utc_now(),
        "report.due",
        json::object{
            {"actor", "system"},
            {"source", "local"},
            {"object", *report},
            {"outcome", "due"},
            {"window", window}}
    ));
    return {};
}

json::object event_of(std::string_view actor, std::string_view window, std::string_view outcome)
{
    return {{"actor", actor}, {"source", "local"}, {"object", window}, {"outcome", outcome}};
}

Result<> open_by_clock(Context& context, std::string const& window, UtcTime now)
{
    ECLUSE_TRY(context.journal.record(
        context.clock.utc_now(),
        "window.opened",
        event_of("system", window, "open"),
        [&]() -> Result<> {
            ECLUSE_TRY(context.database.run(
                "UPDATE access_window SET state = 'open', opened_at = $1 WHERE id = $2 AND state = "
                "'approved'",
                {now.time_since_epoch().count(), window}
            ));
            return {};
        }
    ));
    return {};
}

Result<> expire(Context& context, std::string const& window)
{
    ECLUSE_TRY(context.journal.record(
        context.clock.utc_now(),
        "window.expired",
        event_of("system", window, "expired"),
        [&]() -> Result<> {
            ECLUSE_TRY(context.database.run(
                "UPDATE access_window SET state = 'expired' WHERE id = $1 AND state IN "
                "('requested', 'approved')",
                {window}
            ));
            return {};
        }
    ));
    return {};
}

} // namespace

Result<> Windows::tick(Context& context)
{
    auto const now = context.clock.decision_now();
    for (auto const& row : ECLUSE_TRY(context.database.rows(
             "SELECT id, state, opens_at, closes_at, open_mode, emergency FROM access_window "
             "WHERE state IN ('requested', 'approved', 'open') AND (opens_at <= $1 OR closes_at <= "
             "$2)",
             {now.time_since_epoch().count(), now.time_since_epoch().count()}
         ))) {
        auto const stored = parse_window_state(row.text("state"));
        if (!stored) continue;
        WindowTimes const times{
            .state = *stored,
            .opens = instant(row.number("opens_at")),
            .closes = instant(row.number("closes_at")),
            .open_mode = parse_open_mode(row.text("open_mode")).value_or(OpenMode::manual),
            .emergency = row.number("emergency") != 0};
        auto const state = state_at(times, now);
        if (state == *stored) continue;
        auto const id = row.text("id");
        if (state == WindowState::open) ECLUSE_TRY(open_by_clock(context, id, now));
        if (state == WindowState::expired) ECLUSE_TRY(expire(context, id));
        if (state == WindowState::closed)
            ECLUSE_TRY(close(context, id, "system", "end", endings::window_end()));
    }
    return {};
}

Result<> Windows::close(
    Context& context,
    std::string_view window,
    std::string_view actor,
    std::string_view reason,
    Ending const& ending
)
{
    std::string const id{window};
    auto const now = context.clock.decision_now();
    std::optional<std::string> report;
    // Sessions first: an evidence that cannot be written must not keep anybody connected.
    context.live.close_window(window, ending);
    ECLUSE_TRY(context.journal.record(
        context.clock.utc_now(),
        "window.closed",
        event_of(actor, window, reason),
        [&]() -> Result<> {
            ECLUSE_TRY(context.database.run(
                "UPDATE access_window SET state = 'closed', closed_by = $1, closed_at = $2, "
                "close_reason = $3, "
                "closes_at = CASE WHEN closes_at < $4 THEN closes_at ELSE $5 END WHERE id = $6 AND "
                "state IN ('approved', 'open')",
                {std::string{actor},
                 now.time_since_epoch().count(),
                 std::string{reason},
                 now.time_since_epoch().count(),
                 now.time_since_epoch().count(),
                 id}
            ));
            ECLUSE_TRY(store::escorts_leave(context.database, id, now.time_since_epoch().count()));
            report = ECLUSE_TRY(make_report_due(context, id, now));
            return {};
        }
    ));
    return journal_report(context, report, window);
}

} // namespace ecluse::policyd
