#include "policies/store/facts.h"
#include "policies/store/facts_rows.h"

namespace ecluse {

namespace {

constexpr std::int64_t transitions_max = 500;

/// The smallest of the instants of a query with one column n.
Result<std::optional<UtcTime>>
first_of(Database& database, std::string_view sql, std::vector<SqlValue> const& parameters)
{
    auto const row = ECLUSE_TRY(database.row(sql, parameters));
    return row ? optional_instant(row->optional_number("n")) : std::nullopt;
}

} // namespace

Result<WindowTimes> times_of(Row const& row)
{
    auto const state = parse_window_state(row.text("state"));
    auto const mode = parse_open_mode(row.text("open_mode"));
    if (!state || !mode) return unreadable("state", row.text("id"));
    return WindowTimes{
        .state = *state,
        .opens = instant(row.number("opens_at")),
        .closes = instant(row.number("closes_at")),
        .open_mode = *mode,
        .emergency = row.number("emergency") != 0};
}

Result<std::vector<ReportId>>
overdue_reports(Database& database, VendorId const& vendor, UtcTime now)
{
    std::vector<ReportId> reports;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT r.id FROM report r JOIN access_window w ON w.id = r.access_window "
             "WHERE w.vendor = $1 AND r.state IN ('due', 'draft', 'returned') AND r.due_at <= $2 "
             "ORDER BY r.due_at, r.id",
             {vendor.text(), to_column(now)}
         )))
        reports.emplace_back(row.text("id"));
    return reports;
}

Result<std::vector<SourceInForce>> sources_in_force(Database& database, UtcTime now)
{
    std::vector<SourceInForce> sources;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT s.id, s.vendor, s.range, s.valid_to, v.contract_to FROM authorized_source s "
             "JOIN vendor v ON v.id = s.vendor "
             "WHERE s.state = 'approved' AND s.valid_from <= $1 "
             "AND (s.valid_to IS NULL OR s.valid_to > $1) AND v.state = 'active' "
             "AND v.contract_from <= $1 AND v.contract_to > $1 ORDER BY s.id",
             {to_column(now)}
         ))) {
        auto const range = AddressRange::parse(row.text("range"));
        if (!range) return unreadable("range", row.text("id"));
        auto until = row.number("contract_to");
        if (auto const own = row.optional_number("valid_to")) until = std::min(until, *own);
        sources.push_back(
            {SourceId{row.text("id")}, VendorId{row.text("vendor")}, *range, instant(until)}
        );
    }
    return sources;
}

Result<std::optional<UtcTime>> next_source_change(Database& database, UtcTime now)
{
    return first_of(
        database,
        "SELECT min(at) AS n FROM ("
        "SELECT valid_from AS at FROM authorized_source WHERE state = 'approved' "
        "UNION ALL SELECT valid_to FROM authorized_source WHERE state = 'approved' "
        "UNION ALL SELECT contract_from FROM vendor WHERE state = 'active' "
        "UNION ALL SELECT contract_to FROM vendor WHERE state = 'active') AS instants "
        "WHERE at > $1",
        {to_column(now)}
    );
}

Result<std::vector<DueTransition>> due_transitions(Database& database, UtcTime now)
{
    std::vector<DueTransition> due;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT id, state, opens_at, closes_at, open_mode, emergency FROM access_window "
             "WHERE closes_at <= $1 AND state IN ('requested', 'approved', 'open') "
             "OR opens_at <= $1 AND (state = 'approved' AND open_mode = 'auto' "
             "OR state = 'requested' AND emergency = 0) "
             "ORDER BY opens_at, id LIMIT $2",
             {to_column(now), std::int64_t{transitions_max}}
         ))) {
        auto const times = ECLUSE_TRY(times_of(row));
        auto const to = state_at(times, now);
        if (to != times.state) due.push_back({WindowId{row.text("id")}, times.state, to});
    }
    return due;
}

Result<std::optional<UtcTime>> next_transition(Database& database, UtcTime now)
{
    return first_of(
        database,
        "SELECT min(at) AS n FROM (SELECT opens_at AS at FROM access_window "
        "WHERE state IN ('requested', 'approved') "
        "UNION ALL SELECT closes_at FROM access_window "
        "WHERE state IN ('requested', 'approved', 'open')) AS instants WHERE at > $1",
        {to_column(now)}
    );
}

} // namespace ecluse
