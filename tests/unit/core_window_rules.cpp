#include "policies/core/window_rules.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse;
using namespace std::chrono_literals;

namespace {

UtcTime const eight = must(parse_iso("2026-11-23T07:00:00Z")); // a Monday, 08:00 in Paris
PersonId const technician{"P-TECHNICIAN"};
PersonId const manager{"P-MANAGER"};
PersonId const dsi{"P-DSI"};

WindowActor const by_technician{technician, {Role::technician}, true};
WindowActor const by_manager{manager, {Role::vendor_manager}, true};
WindowActor const by_dsi{dsi, {Role::dsi}, false};

WindowRecord window(WindowState state)
{
    return {
        {.state = state, .opens = eight, .closes = eight + 2h},
        technician,
        {technician},
        {AssetId{"A-1"}},
        {}};
}

WindowChange change(WindowAct act, char const* reason = "")
{
    return {act, reason, std::nullopt, std::nullopt, ""};
}

std::optional<Fault> fault(std::variant<WindowTimes, Fault> const& outcome)
{
    auto const* found = std::get_if<Fault>(&outcome);
    return found == nullptr ? std::nullopt : std::optional{*found};
}

std::optional<WindowState> state(std::variant<WindowTimes, Fault> const& outcome)
{
    auto const* found = std::get_if<WindowTimes>(&outcome);
    return found == nullptr ? std::nullopt : std::optional{found->state};
}

} // namespace

TEST_CASE("the clock alone opens, closes and expires windows", "[CLAUSIER:O-12.2.5.3]")
{
    struct Row {
        WindowState stored;
        OpenMode mode;
        bool emergency;
        WindowState early, opening, last_second, closing;
    };
    using enum WindowState;
    for (auto const& row :
         {Row{approved, OpenMode::automatic, false, approved, open, open, closed},
          Row{approved, OpenMode::manual, false, approved, approved, approved, expired},
          Row{open, OpenMode::manual, false, approved, open, open, closed},
          Row{requested, OpenMode::automatic, false, requested, expired, expired, expired},
          Row{requested, OpenMode::automatic, true, requested, requested, requested, expired},
          Row{draft, OpenMode::automatic, false, draft, draft, draft, draft},
          Row{refused, OpenMode::automatic, false, refused, refused, refused, refused},
          Row{closed, OpenMode::automatic, false, closed, closed, closed, closed},
          Row{cancelled, OpenMode::automatic, false, cancelled, cancelled, cancelled, cancelled}}) {
        CAPTURE(to_code(row.stored), to_code(row.mode), row.emergency);
        WindowTimes const times{row.stored, eight, eight + 2h, row.mode, row.emergency};
        CHECK(state_at(times, eight - 1s) == row.early);
        CHECK(state_at(times, eight) == row.opening);
        CHECK(state_at(times, eight + 2h - 1s) == row.last_second);
        CHECK(state_at(times, eight + 2h) == row.closing);
    }
    WindowTimes const times{approved, eight, eight + 2h, OpenMode::automatic, false};
    CHECK(next_change(times, eight - 1s) == eight);
    CHECK(next_change(times, eight) == eight + 2h);
    CHECK(next_change(times, eight + 2h) == std::nullopt);
}

TEST_CASE("only the DSI approves, and never its own request or work", "[WEB:AA1][CHM:8.4]")
{
    auto const now = eight - 1h;
    auto asked = window(WindowState::requested);
    auto const approve = change(WindowAct::approve);
    CHECK(state(transition(asked, approve, by_dsi, now)) == WindowState::approved);
    CHECK(fault(transition(asked, approve, by_technician, now)) == Fault::window_role);
    CHECK(fault(transition(asked, approve, by_manager, now)) == Fault::window_role);
    for (auto const role : {Role::rssi, Role::platform_admin, Role::escort, Role::auditor})
        CHECK(fault(transition(asked, approve, {dsi, {role}, false}, now)) == Fault::window_role);
    asked.requester = dsi;
    CHECK(fault(transition(asked, approve, by_dsi, now)) == Fault::window_own_request);
    CHECK(
        state(transition(asked, approve, {PersonId{"P-2"}, {Role::dsi}}, now)) ==
        WindowState::approved
    );
    asked.requester = technician;
    asked.technicians.push_back(dsi);
    CHECK(fault(transition(asked, approve, by_dsi, now)) == Fault::window_own_work);
}

TEST_CASE("an act in the wrong state is refused")
{
    struct Row {
        WindowAct act;
        std::vector<WindowState> allowed;
    };
    using enum WindowState;
    for (auto const& row :
         {Row{WindowAct::submit, {draft}},
          Row{WindowAct::approve, {requested}},
          Row{WindowAct::refuse, {requested}},
          Row{WindowAct::close, {open}},
          Row{WindowAct::open, {}},
          Row{WindowAct::cancel, {draft, requested, approved}},
          Row{WindowAct::extend, {approved, open}}}) {
        for (auto const stored :
             {draft, requested, approved, refused, open, closed, cancelled, expired}) {
            // An open window is one whose hour has come.
            auto const now = stored == open ? eight + 1h : eight - 1h;
            auto asked = change(row.act, "reason");
            if (row.act == WindowAct::extend) asked.closes = eight + 3h;
            bool const allowed =
                std::find(row.allowed.begin(), row.allowed.end(), stored) != row.allowed.end();
            CAPTURE(to_code(stored), static_cast<int>(row.act));
            auto const outcome = transition(window(stored), asked, by_dsi, now);
            CHECK(state(outcome).has_value() == allowed);
            if (!allowed) CHECK(fault(outcome) == Fault::window_state);
        }
    }
}

TEST_CASE("a window has a length, a future, people and a place", "[CLAUSIER:O-12.2.5.3][CHM:8.4]")
{
    auto const submit = [](WindowRecord const& asked, UtcTime now) {
        return fault(transition(asked, change(WindowAct::submit), by_technician, now));
    };
    auto asked = window(WindowState::draft);
    CHECK(submit(asked, eight) == std::nullopt);
    CHECK(submit(asked, eight + 1s) == Fault::window_start_past);
    asked.times.closes = eight;
    CHECK(submit(asked, eight) == Fault::window_ends_before_start);
    asked.times.closes = eight - 1s;
    CHECK(submit(asked, eight) == Fault::window_ends_before_start);
    asked.times.closes = eight + 8h;
    CHECK(submit(asked, eight) == std::nullopt);
    asked.times.closes = eight + 8h + 1s;
    CHECK(submit(asked, eight) == Fault::window_too_long);
    asked.times.emergency = true;
    asked.times.closes = eight + 2h + 1s;
    CHECK(submit(asked, eight) == Fault::window_emergency_too_long);
    asked.times.closes = eight + 2h;
    CHECK(submit(asked, eight + 1h) == std::nullopt); // it may have begun
    CHECK(submit(asked, eight + 2h) == Fault::window_start_past);
    asked.technicians.clear();
    CHECK(submit(asked, eight) == Fault::window_nobody);
    asked = window(WindowState::draft);
    asked.assets.clear();
    CHECK(submit(asked, eight) == Fault::window_nobody);
}

TEST_CASE(
    "an emergency waits for the last one's review, and for a late report unless it is lifted",
    "[CLAUSIER:O-12.2.5.3][CHM:8.19]"
)
{
    auto asked = window(WindowState::requested);
    auto approve = change(WindowAct::approve);
    auto const judged = [&] { return fault(transition(asked, approve, by_dsi, eight - 1h)); };
    // An ordinary window is not stopped here, and nothing is lifted for it.
    asked.report_late = true;
    asked.emergency_unreviewed = true;
    CHECK(judged() == std::nullopt);
    approve.report_lift = "bloc fermé";
    CHECK(judged() == Fault::emergency_only_lift);
    asked.times.emergency = true;
    CHECK(judged() == Fault::emergency_unreviewed);
    asked.emergency_unreviewed = false;
    CHECK(judged() == std::nullopt);
    approve.report_lift.clear();
    CHECK(judged() == Fault::emergency_report_late);
    asked.report_late = false;
    CHECK(judged() == std::nullopt);
}

TEST_CASE(
    "presence is declared by the DSI or whoever is named, from a quarter of an hour before",
    "[CHM:8.4]"
)
{
    auto record = window(WindowState::approved);
    CHECK(not_for_escort(record, by_dsi, eight - 15min) == std::nullopt);
    CHECK(not_for_escort(record, by_dsi, eight - 15min - 1s) == Fault::escort_early);
    CHECK(not_for_escort(record, by_dsi, eight + 2h) == Fault::window_state);
    WindowActor const colleague{PersonId{"P-COLLEAGUE"}, {Role::escort}, false};
    CHECK(not_for_escort(record, colleague, eight) == Fault::escort_role);
    record.escort = colleague.person;
    CHECK(not_for_escort(record, colleague, eight) == std::nullopt);
    CHECK(not_for_escort(record, by_technician, eight) == Fault::window_own_work);
    for (auto const stored : {WindowState::requested, WindowState::cancelled, WindowState::closed})
        CHECK(not_for_escort(window(stored), by_dsi, eight) == Fault::window_state);
}

TEST_CASE("only an emergency that is over is reviewed")
{
    auto times = window(WindowState::open).times;
    times.emergency = true;
    CHECK(not_for_review(times, eight + 2h) == std::nullopt);
    CHECK(not_for_review(times, eight + 2h - 1s) == Fault::emergency_not_over);
    times.state = WindowState::cancelled;
    CHECK(not_for_review(times, eight + 2h) == Fault::emergency_not_over);
    times.state = WindowState::closed;
    times.emergency = false;
    CHECK(not_for_review(times, eight + 2h) == Fault::emergency_not_over);
}

TEST_CASE("an approval comes in time and may only narrow")
{
    auto const asked = window(WindowState::requested);
    auto approve = change(WindowAct::approve);
    CHECK(fault(transition(asked, approve, by_dsi, eight - 1s)) == std::nullopt);
    CHECK(fault(transition(asked, approve, by_dsi, eight)) == Fault::window_start_past);
    approve.opens = eight + 30min;
    approve.closes = eight + 1h;
    auto const narrowed = transition(asked, approve, by_dsi, eight - 1h);
    REQUIRE(std::holds_alternative<WindowTimes>(narrowed));
    CHECK(std::get<WindowTimes>(narrowed).opens == eight + 30min);
    CHECK(std::get<WindowTimes>(narrowed).closes == eight + 1h);
    approve.closes = eight + 2h + 1s;
    CHECK(fault(transition(asked, approve, by_dsi, eight - 1h)) == Fault::window_outside_request);
    approve.closes = eight + 1h;
    approve.opens = eight - 1s;
    CHECK(fault(transition(asked, approve, by_dsi, eight - 1h)) == Fault::window_outside_request);
}

TEST_CASE("a window opened by hand opens in its hours only", "[CLAUSIER:O-9.14]")
{
    auto approved = window(WindowState::approved);
    approved.times.open_mode = OpenMode::manual;
    auto const open = change(WindowAct::open);
    CHECK(fault(transition(approved, open, by_dsi, eight - 1s)) == Fault::window_state);
    CHECK(state(transition(approved, open, by_dsi, eight)) == WindowState::open);
    CHECK(state(transition(approved, open, by_dsi, eight + 2h - 1s)) == WindowState::open);
    CHECK(fault(transition(approved, open, by_dsi, eight + 2h)) == Fault::window_state);
    CHECK(fault(transition(approved, open, by_technician, eight)) == Fault::window_role);
}

TEST_CASE("closing early and extending need a reason and keep the cap", "[CLAUSIER:O-9.14]")
{
    auto const live = window(WindowState::open);
    auto const now = eight + 1h;
    CHECK(
        fault(transition(live, change(WindowAct::close), by_dsi, now)) ==
        Fault::window_reason_missing
    );
    auto const closed = transition(live, change(WindowAct::close, "done"), by_dsi, now);
    REQUIRE(std::holds_alternative<WindowTimes>(closed));
    CHECK(std::get<WindowTimes>(closed).closes == now);
    // At its very first second.
    auto const empty = transition(live, change(WindowAct::close, "done"), by_dsi, eight);
    REQUIRE(std::holds_alternative<WindowTimes>(empty));
    CHECK(std::get<WindowTimes>(empty).closes == eight);
    CHECK(
        fault(transition(live, change(WindowAct::close, "done"), by_technician, now)) ==
        Fault::window_role
    );

    auto longer = change(WindowAct::extend, "not finished");
    CHECK(fault(transition(live, longer, by_dsi, now)) == Fault::window_not_later);
    longer.closes = eight + 2h;
    CHECK(fault(transition(live, longer, by_dsi, now)) == Fault::window_not_later);
    longer.closes = eight + 8h;
    CHECK(state(transition(live, longer, by_dsi, now)) == WindowState::open);
    CHECK(fault(transition(live, longer, by_technician, now)) == Fault::window_role);
    // Past its end nothing is reopened, even when the store still says open.
    CHECK(fault(transition(live, longer, by_dsi, eight + 2h)) == Fault::window_state);
    longer.closes = eight + 8h + 1s;
    CHECK(fault(transition(live, longer, by_dsi, now)) == Fault::window_too_long);
    longer.closes = eight + 3h;
    longer.reason.clear();
    CHECK(fault(transition(live, longer, by_dsi, now)) == Fault::window_reason_missing);
}

TEST_CASE("disturbing usage hours needs a reason of its own", "[CHM:8.4]")
{
    auto asked = window(WindowState::requested); // 08:00 to 10:00
    asked.usage_hours = {must(parse_weekly_hours("mon 10:00-12:00"))};
    auto approve = change(WindowAct::approve);
    CHECK_FALSE(overlaps_usage_hours(asked));
    CHECK(fault(transition(asked, approve, by_dsi, eight - 1h)) == std::nullopt);
    asked.usage_hours = {must(parse_weekly_hours("mon 09:59-12:00"))};
    CHECK(overlaps_usage_hours(asked));
    CHECK(fault(transition(asked, approve, by_dsi, eight - 1h)) == Fault::window_usage_hours);
    approve.usage_hours_override = "scanner down";
    CHECK(fault(transition(asked, approve, by_dsi, eight - 1h)) == std::nullopt);
}

TEST_CASE("windows at the same time on the same asset are reported")
{
    auto const mine = window(WindowState::requested);
    auto const other = [](char const* id, UtcTime opens, WindowState stored, char const* asset) {
        return OtherWindow{
            WindowId{id},
            {.state = stored, .opens = opens, .closes = opens + 1h},
            {AssetId{asset}}};
    };
    auto const found = overlapping(
        mine,
        {other("W-BEFORE", eight - 1h, WindowState::approved, "A-1"),
         other("W-TOUCHES", eight - 59min, WindowState::approved, "A-1"),
         other("W-AFTER", eight + 2h, WindowState::approved, "A-1"),
         other("W-LAST", eight + 2h - 1s, WindowState::requested, "A-1"),
         other("W-ELSEWHERE", eight, WindowState::approved, "A-2"),
         other("W-CANCELLED", eight, WindowState::cancelled, "A-1")},
        eight - 2h
    );
    CHECK(found == std::vector{WindowId{"W-TOUCHES"}, WindowId{"W-LAST"}});
}

TEST_CASE("the vendor may withdraw its request; the DSI must say why")
{
    auto const now = eight - 1h;
    auto const asked = window(WindowState::requested);
    CHECK(
        state(transition(asked, change(WindowAct::cancel), by_technician, now)) ==
        WindowState::cancelled
    );
    CHECK(
        state(transition(asked, change(WindowAct::cancel), by_manager, now)) ==
        WindowState::cancelled
    );
    CHECK(
        fault(transition(asked, change(WindowAct::cancel), {manager, {Role::vendor_manager}}, now)
        ) == Fault::window_role
    );
    CHECK(
        fault(transition(asked, change(WindowAct::cancel), by_dsi, now)) ==
        Fault::window_reason_missing
    );
    CHECK(
        fault(transition(asked, change(WindowAct::refuse), by_dsi, now)) ==
        Fault::window_reason_missing
    );
}
