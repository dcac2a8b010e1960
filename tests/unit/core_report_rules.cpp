#include "policies/core/report_rules.h"
#include "policies/core/retention.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse;
using namespace std::chrono;
using namespace std::chrono_literals;

namespace {

UtcTime paris(char const* text)
{
    return must(parse_paris(text));
}

} // namespace

TEST_CASE("Easter and the days that hang on it are found")
{
    CHECK(easter(2024y) == 2024y / March / 31);
    CHECK(easter(2025y) == 2025y / April / 20);
    CHECK(easter(2026y) == 2026y / April / 5);
    CHECK(easter(2027y) == 2027y / March / 28);
    CHECK(easter(2038y) == 2038y / April / 25); // the latest there is
    CHECK(easter(2285y) == 2285y / March / 22); // the earliest
    int holidays = 0;
    int eastern = 0;
    for (auto day = sys_days{2026y / January / 1}; day < sys_days{2027y / January / 1};
         day += days{1}) {
        holidays += is_holiday(day, Holidays::france) ? 1 : 0;
        eastern += is_holiday(day, Holidays::alsace_moselle) ? 1 : 0;
    }
    CHECK(holidays == 11);
    CHECK(eastern == 13);
    CHECK(is_holiday(2026y / April / 6, Holidays::france));
    CHECK(is_holiday(2026y / May / 14, Holidays::france));
    CHECK(is_holiday(2026y / May / 25, Holidays::france));
    CHECK_FALSE(is_holiday(2026y / April / 3, Holidays::france));
    CHECK(is_holiday(2026y / April / 3, Holidays::alsace_moselle));
    CHECK_FALSE(is_holiday(2026y / January / 1, Holidays::none));
}

TEST_CASE("weekly hours read back, and nonsense is refused")
{
    CHECK(must(parse_weekly_hours("mon-fri 08:00-18:00")) == usual_working_hours());
    CHECK(must(parse_weekly_hours(to_string(usual_working_hours()))) == usual_working_hours());
    CHECK(must(parse_weekly_hours("sat-mon 00:00-24:00")).size() == 3);
    CHECK(must(parse_weekly_hours("never")).empty());
    for (auto const* text :
         {"",
          "mon",
          "mon 08:00",
          "mon 18:00-08:00",
          "mon 08:00-08:00",
          "mon 08:00-24:01",
          "mon 8:00-18:00",
          "lun 08:00-18:00",
          "mon 08:00-18:00,",
          "mon 08:60-18:00"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_weekly_hours(text));
    }
}

TEST_CASE("a report is due in a day, or the same day when anything was out of hours", "[CHM:8.19]")
{
    struct Row {
        char const* what;
        char const* from;
        char const* end;
        char const* deadline;
    };
    for (auto const& row :
         {Row{"in hours", "2026-11-23 08:00", "2026-11-23 18:00", "2026-11-24 18:00"},
          Row{"a minute early", "2026-11-23 07:59", "2026-11-23 10:00", "2026-11-23 23:59"},
          Row{"a minute late", "2026-11-23 10:00", "2026-11-23 18:01", "2026-11-23 23:59"},
          Row{"Saturday", "2026-11-21 10:00", "2026-11-21 11:00", "2026-11-21 23:59"},
          Row{"11 November", "2026-11-11 10:00", "2026-11-11 11:00", "2026-11-11 23:59"},
          Row{"Easter Monday", "2026-04-06 10:00", "2026-04-06 11:00", "2026-04-06 23:59"},
          Row{"across midnight", "2026-11-23 23:00", "2026-11-24 01:00", "2026-11-24 23:59"},
          Row{"over two working days", "2026-11-23 17:00", "2026-11-24 09:00", "2026-11-24 23:59"},
          Row{"the night of October",
              "2026-10-25 01:00",
              "2026-10-25 02:30 CET",
              "2026-10-25 23:59"},
          Row{"the night of March", "2026-03-29 01:00", "2026-03-29 03:30", "2026-03-29 23:59"},
          Row{"before the change of clocks",
              "2026-10-23 10:00",
              "2026-10-23 11:00",
              "2026-10-24 11:00"}}) {
        CAPTURE(row.what);
        auto const end = paris(row.end);
        CHECK(report_deadline(end, {{paris(row.from), end}}, {}) == paris(row.deadline));
    }
    auto const late = paris("2026-11-23 23:59") + 30s;
    CHECK(report_deadline(late, {{late - 1h, late}}, {}) == paris("2026-11-23 23:59") + 59s);
    // One of two sessions is enough; a window nobody used is in hours.
    auto const end = paris("2026-11-23 10:00");
    CHECK(report_deadline(end, {}, {}) == end + 24h);
    CHECK(
        report_deadline(end, {{end - 1h, end}, {end - 3h, end - 2h - 30min}}, {}) ==
        paris("2026-11-23 23:59")
    );
}

TEST_CASE("a late report blocks until it is accepted, one in time never does")
{
    auto const deadline = paris("2026-11-24 18:00");
    ReportTimes report{ReportState::due, deadline, std::nullopt};
    CHECK_FALSE(blocks(report, ReportBlocking::until_accepted, deadline));
    CHECK(blocks(report, ReportBlocking::until_accepted, deadline + 1s));
    CHECK(blocks(report, ReportBlocking::until_submitted, deadline + 1s));
    CHECK_FALSE(blocks(report, ReportBlocking::never, deadline + 1s));

    report = {ReportState::submitted, deadline, deadline};
    CHECK_FALSE(blocks(report, ReportBlocking::until_accepted, deadline + 240h));
    report.submitted_at = deadline + 1s;
    CHECK(blocks(report, ReportBlocking::until_accepted, deadline + 240h));
    CHECK_FALSE(blocks(report, ReportBlocking::until_submitted, deadline + 240h));
    report.state = ReportState::accepted;
    CHECK_FALSE(blocks(report, ReportBlocking::until_accepted, deadline + 240h));
}

TEST_CASE("a report goes from its technician to the DSI and back", "[CLAUSIER:O-9.13]")
{
    auto const now = paris("2026-11-24 12:00");
    ReportActor const technician{{Role::technician}, true};
    ReportActor const dsi{{Role::dsi}, false};
    ReportTimes report{ReportState::due, now + 1h, std::nullopt};
    auto const next = [&](ReportAct act, ReportActor const& actor, bool comment = false) {
        return transition(report, {act, comment}, actor, now);
    };
    CHECK(std::get<Fault>(next(ReportAct::accept, dsi)) == Fault::report_state);
    CHECK(std::get<Fault>(next(ReportAct::submit, dsi)) == Fault::report_role);
    CHECK(
        std::get<Fault>(next(ReportAct::edit, {{Role::technician}, false})) == Fault::report_role
    );
    report = std::get<ReportTimes>(next(ReportAct::edit, technician));
    CHECK(report.state == ReportState::draft);
    report = std::get<ReportTimes>(next(ReportAct::submit, technician));
    CHECK(report.state == ReportState::submitted);
    CHECK(report.submitted_at == now);
    CHECK(std::get<Fault>(next(ReportAct::submit, technician)) == Fault::report_state);
    CHECK(std::get<Fault>(next(ReportAct::accept, technician)) == Fault::report_role);
    CHECK(std::get<Fault>(next(ReportAct::accept, {{Role::dsi}, true})) == Fault::report_role);
    CHECK(std::get<Fault>(next(ReportAct::send_back, dsi)) == Fault::report_comment_missing);
    auto const returned = std::get<ReportTimes>(next(ReportAct::send_back, dsi, true));
    CHECK(returned.state == ReportState::returned);
    CHECK(returned.deadline == now + 24h);
    CHECK_FALSE(is_overdue(returned, now + 24h));
    CHECK(is_overdue(returned, now + 24h + 1s));
    report = std::get<ReportTimes>(next(ReportAct::accept, dsi));
    CHECK(std::get<Fault>(next(ReportAct::edit, technician)) == Fault::report_state);
}

TEST_CASE("evidence is kept at least as long as promised, and a legal hold wins", "[CHM:8.15]")
{
    CHECK_FALSE(validate({}));
    CHECK(validate({.journal = months{17}}) == Fault::retention_journal);
    CHECK(validate({.recordings = recordings_kept_min - days{1}}) == Fault::retention_recordings);
    CHECK(validate_asset_retention(days{364}, days{365}) == Fault::retention_recordings);
    CHECK_FALSE(validate_asset_retention(days{365}, days{365}));

    auto const ended = must(parse_iso("2026-01-31T12:00:00Z"));
    KeptRecording recording{ended, std::nullopt, false, true, true};
    CHECK_FALSE(may_purge(recording, {}, ended + days{180} - 1s));
    CHECK(may_purge(recording, {}, ended + days{180}));
    recording.asset_floor = days{365};
    CHECK_FALSE(may_purge(recording, {}, ended + days{364}));
    CHECK(may_purge(recording, {}, ended + days{365}));
    for (auto spoil : {0, 1, 2}) {
        auto kept = recording;
        if (spoil == 0) kept.legal_hold = true;
        if (spoil == 1) kept.sealed = false;
        if (spoil == 2) kept.report_accepted = false;
        CHECK_FALSE(may_purge(kept, {}, ended + days{36500}));
    }
    CHECK_FALSE(may_purge(recording, {.recordings = days{1}}, ended + days{36500}));

    CHECK(journal_kept_until(ended, {}) == must(parse_iso("2027-07-31T12:00:00Z")));
    auto const august = must(parse_iso("2026-08-31T12:00:00Z"));
    CHECK(journal_kept_until(august, {}) == must(parse_iso("2028-03-01T12:00:00Z")));
}
