#include "common/paris_time.h"
#include "policies/core/decide.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <functional>
#include <ostream>

using namespace ecluse;
using namespace std::chrono_literals;

namespace {

UtcTime utc(char const* text)
{
    return must(parse_iso(text));
}

UtcTime const eight = utc("2026-11-23T07:00:00Z"); // 08:00 in Paris
PersonId const alice{"P-ALICE"};
PersonId const bob{"P-BOB"};
AssetId const pacs{"A-PACS"};
AssetId const lis{"A-LIS"};
WindowId const morning{"W-MORNING"};

SourceAddress address(char const* text)
{
    return must(SourceAddress::parse(text));
}

WindowFacts window(WindowId id, UtcTime opens, std::vector<AssetId> assets)
{
    WindowFacts facts{.id = std::move(id), .assets = std::move(assets)};
    facts.times = {
        .state = WindowState::approved,
        .opens = opens,
        .closes = opens + 2h,
        .open_mode = OpenMode::automatic};
    facts.permissions.shell = true;
    facts.people = {alice};
    return facts;
}

/// A situation in which everything is right; each test spoils one thing.
struct Scene {
    Request request{
        .person = alice,
        .from = address("203.0.113.24"),
        .function = Function::shell,
        .asset = pacs};
    Facts facts;
    UtcTime now = eight;

    Scene()
    {
        facts.factors = {.knowledge = false, .possession = true, .second_possession = true};
        facts.person = PersonState::active;
        facts.roles = {{Role::technician}};
        facts.identity_verified = true;
        facts.charter_accepted = true;
        facts.clock_trusted = true;
        facts.state_current = true;
        facts.vendor = VendorState::active;
        facts.contract = Contract{eight - 24h, eight + 240h, {pacs, lis}};
        facts.declared = {{must(AddressRange::parse("203.0.113.0/27")), eight - 24h, std::nullopt}};
        facts.windows = {window(morning, eight, {pacs})};
        facts.assets = {
            {.id = pacs, .active = true, .accounts = {"root", "dicom"}},
            {.id = lis, .active = true, .accounts = {"oracle"}}};
        facts.recorder_available = true;
    }

    [[nodiscard]] Decision decision() const { return decide(request, facts, now); }
    [[nodiscard]] std::optional<Refusal> refusal() const
    {
        auto const answer = decision();
        if (auto const* denied = std::get_if<Denied>(&answer)) return denied->refusal;
        return std::nullopt;
    }
    [[nodiscard]] Denied denied() const
    {
        auto const answer = decision();
        REQUIRE(std::holds_alternative<Denied>(answer));
        return std::get<Denied>(answer);
    }
    [[nodiscard]] Granted granted() const
    {
        auto const answer = decision();
        REQUIRE(std::holds_alternative<Granted>(answer));
        return std::get<Granted>(answer);
    }
    WindowFacts& first_window() { return facts.windows.front(); }
};

LiveSession session(char const* id, PersonId person, AssetId asset, char const* from)
{
    return {SessionId{id}, std::move(person), morning, std::move(asset), address(from)};
}

} // namespace

TEST_CASE("when everything is right the session is granted until the window closes")
{
    Scene const scene;
    auto const granted = scene.granted();
    CHECK(granted.window == morning);
    CHECK(granted.asset == pacs);
    CHECK(granted.account == "root");
    CHECK(granted.until == eight + 2h);
    CHECK(granted.permissions == Permissions{.shell = true});
    CHECK(explain(scene.request, scene.facts, scene.now).empty());
}

TEST_CASE("facts that nobody filled in admit nobody", "[CLAUSIER:O-12.3.11][CHM:13.14][WEB:HE7]")
{
    Scene scene;
    scene.facts = Facts{};
    CHECK(scene.refusal() == Refusal::factors_missing);
    CHECK(explain(scene.request, scene.facts, scene.now).size() >= 10);
}

TEST_CASE(
    "each thing that is wrong has its own refusal, and putting it right admits again",
    "[CLAUSIER:O-5.4][CLAUSIER:O-12.2.5.3][CLAUSIER:O-12.3.11][CHM:3.2][CHM:5.10][CHM:8.1]"
    "[CHM:8.3][CHM:13.14][WEB:GA2][WEB:GA3][WEB:AA8][WEB:HE7][CHM:2.11][CLAUSIER:O-3.3]"
)
{
    struct Row {
        char const* what;
        Refusal refusal;
        std::function<void(Scene&)> spoil;
    };
    auto const rows = std::vector<Row>{
        {"no factor", Refusal::factors_missing, [](Scene& s) { s.facts.factors = {}; }},
        {"only a key",
         Refusal::factors_missing,
         [](Scene& s) { s.facts.factors.second_possession = false; }},
        {"only a password",
         Refusal::factors_missing,
         [](Scene& s) { s.facts.factors = {.knowledge = true}; }},
        {"invited",
         Refusal::person_not_active,
         [](Scene& s) { s.facts.person = PersonState::invited; }},
        {"suspended",
         Refusal::person_not_active,
         [](Scene& s) { s.facts.person = PersonState::suspended; }},
        {"blocked",
         Refusal::person_not_active,
         [](Scene& s) { s.facts.person = PersonState::blocked; }},
        {"archived",
         Refusal::person_not_active,
         [](Scene& s) { s.facts.person = PersonState::archived; }},
        {"identity",
         Refusal::identity_not_verified,
         [](Scene& s) { s.facts.identity_verified = false; }},
        {"no role", Refusal::role_missing, [](Scene& s) { s.facts.roles.clear(); }},
        {"only the manager's role",
         Refusal::role_missing,
         [](Scene& s) { s.facts.roles = {{Role::vendor_manager}}; }},
        {"role over", Refusal::role_missing, [](Scene& s) { s.facts.roles[0].until = eight; }},
        {"old password",
         Refusal::password_too_old,
         [](Scene& s) {
             s.facts.factors = {.knowledge = true, .possession = true};
             s.facts.password_renew_by = eight;
         }},
        {"state", Refusal::state_rolled_back, [](Scene& s) { s.facts.state_current = false; }},
        {"clock", Refusal::clock_not_trusted, [](Scene& s) { s.facts.clock_trusted = false; }},
        {"nothing declared",
         Refusal::address_not_declared,
         [](Scene& s) { s.facts.declared.clear(); }},
        {"beside the range",
         Refusal::address_not_declared,
         [](Scene& s) { s.request.from = address("203.0.113.32"); }},
        {"declaration to come",
         Refusal::address_not_declared,
         [](Scene& s) { s.facts.declared[0].from = eight + 1s; }},
        {"declaration over",
         Refusal::address_not_declared,
         [](Scene& s) { s.facts.declared[0].until = eight; }},
        {"vendor suspended",
         Refusal::vendor_suspended,
         [](Scene& s) { s.facts.vendor = VendorState::suspended; }},
        {"vendor archived",
         Refusal::vendor_suspended,
         [](Scene& s) { s.facts.vendor = VendorState::archived; }},
        {"no contract", Refusal::contract_not_in_date, [](Scene& s) { s.facts.contract.reset(); }},
        {"contract to come",
         Refusal::contract_not_in_date,
         [](Scene& s) { s.facts.contract->from = eight + 1s; }},
        {"contract over",
         Refusal::contract_not_in_date,
         [](Scene& s) { s.facts.contract->until = eight; }},
        {"charter",
         Refusal::charter_not_accepted,
         [](Scene& s) { s.facts.charter_accepted = false; }},
        {"late report",
         Refusal::report_overdue,
         [](Scene& s) { s.facts.blocking_reports = {ReportId{"CR-1"}}; }},
        {"no window", Refusal::no_window, [](Scene& s) { s.facts.windows.clear(); }},
        {"somebody else's window",
         Refusal::no_window,
         [](Scene& s) { s.first_window().people = {bob}; }},
        {"another window asked for",
         Refusal::no_window,
         [](Scene& s) { s.request.window = WindowId{"W-OTHER"}; }},
        {"only requested",
         Refusal::no_window,
         [](Scene& s) { s.first_window().times.state = WindowState::requested; }},
        {"refused by the DSI",
         Refusal::no_window,
         [](Scene& s) { s.first_window().times.state = WindowState::refused; }},
        {"cancelled",
         Refusal::no_window,
         [](Scene& s) { s.first_window().times.state = WindowState::cancelled; }},
        {"one second early", Refusal::before_window, [](Scene& s) { s.now = eight - 1s; }},
        {"as it closes", Refusal::after_window, [](Scene& s) { s.now = eight + 2h; }},
        {"closed early",
         Refusal::after_window,
         [](Scene& s) { s.first_window().times.state = WindowState::closed; }},
        {"marked open before its hour",
         Refusal::before_window,
         [](Scene& s) {
             s.first_window().times.state = WindowState::open;
             s.now = eight - 1s;
         }},
        {"marked open after its hour",
         Refusal::after_window,
         [](Scene& s) {
             s.first_window().times.state = WindowState::open;
             s.now = eight + 2h;
         }},
        {"waiting for the DSI's hand",
         Refusal::window_not_opened,
         [](Scene& s) { s.first_window().times.open_mode = OpenMode::manual; }},
        {"never opened by hand",
         Refusal::after_window,
         [](Scene& s) {
             s.first_window().times.open_mode = OpenMode::manual;
             s.now = eight + 2h;
         }},
        {"another asset", Refusal::asset_not_in_window, [](Scene& s) { s.request.asset = lis; }},
        {"an asset that does not exist",
         Refusal::asset_not_in_window,
         [](Scene& s) { s.request.asset = AssetId{"A-NONE"}; }},
        {"no asset named and two to choose from",
         Refusal::asset_not_in_window,
         [](Scene& s) {
             s.request.asset.reset();
             s.first_window().assets = {pacs, lis};
         }},
        {"another protocol",
         Refusal::asset_not_in_window,
         [](Scene& s) { s.request.protocol = Protocol::rdp; }},
        {"not in the contract",
         Refusal::asset_not_in_contract,
         [](Scene& s) { s.facts.contract->assets = {lis}; }},
        {"asset suspended",
         Refusal::asset_suspended,
         [](Scene& s) { s.facts.assets[0].active = false; }},
        {"another account",
         Refusal::account_not_allowed,
         [](Scene& s) { s.request.account = "oracle"; }},
        {"no account at all",
         Refusal::account_not_allowed,
         [](Scene& s) { s.facts.assets[0].accounts.clear(); }},
        {"exec",
         Refusal::function_not_permitted,
         [](Scene& s) { s.request.function = Function::exec; }},
        {"sftp",
         Refusal::function_not_permitted,
         [](Scene& s) { s.request.function = Function::sftp; }},
        {"upload while only download is granted",
         Refusal::function_not_permitted,
         [](Scene& s) {
             s.request.function = Function::sftp_up;
             s.first_window().permissions.file_down = true;
         }},
        {"nothing granted",
         Refusal::function_not_permitted,
         [](Scene& s) { s.first_window().permissions = {}; }},
        {"from two places at once",
         Refusal::session_elsewhere,
         [](Scene& s) { s.facts.sessions = {session("S-1", alice, lis, "203.0.113.25")}; }},
        {"twice on one asset",
         Refusal::session_limit,
         [](Scene& s) { s.facts.sessions = {session("S-1", alice, pacs, "203.0.113.24")}; }},
        {"a colleague is on that asset",
         Refusal::session_limit,
         [](Scene& s) { s.facts.sessions = {session("S-1", bob, pacs, "203.0.113.25")}; }},
        {"no recorder",
         Refusal::recorder_unavailable,
         [](Scene& s) { s.facts.recorder_available = false; }},
    };
    for (auto const& row : rows) {
        CAPTURE(row.what);
        Scene scene;
        REQUIRE_FALSE(scene.refusal());
        row.spoil(scene);
        CHECK(scene.refusal() == row.refusal);
        // The dry run finds the same first reason.
        auto const reasons = explain(scene.request, scene.facts, scene.now);
        REQUIRE_FALSE(reasons.empty());
        CHECK(reasons.front() == row.refusal);
    }
}

TEST_CASE("the right side of each edge is admitted")
{
    struct Row {
        char const* what;
        std::function<void(Scene&)> change;
    };
    auto const rows = std::vector<Row>{
        {"password and code",
         [](Scene& s) { s.facts.factors = {.knowledge = true, .possession = true}; }},
        {"last address of the range", [](Scene& s) { s.request.from = address("203.0.113.31"); }},
        {"seen as mapped IPv6", [](Scene& s) { s.request.from = address("::ffff:203.0.113.24"); }},
        {"declaration from now", [](Scene& s) { s.facts.declared[0].from = eight; }},
        {"declaration for one more second",
         [](Scene& s) { s.facts.declared[0].until = eight + 1s; }},
        {"contract from now", [](Scene& s) { s.facts.contract->from = eight; }},
        {"contract for one more second", [](Scene& s) { s.facts.contract->until = eight + 1s; }},
        {"contract without end", [](Scene& s) { s.facts.contract->until.reset(); }},
        {"role for one more second", [](Scene& s) { s.facts.roles[0].until = eight + 1s; }},
        {"another role besides",
         [](Scene& s) {
             s.facts.roles = {{Role::vendor_manager}, {Role::technician}};
         }},
        {"password for one more second",
         [](Scene& s) {
             s.facts.factors = {.knowledge = true, .possession = true};
             s.facts.password_renew_by = eight + 1s;
         }},
        {"an old password that was not used",
         [](Scene& s) { s.facts.password_renew_by = eight - 1s; }},
        {"a password that grows too old during the session",
         [](Scene& s) {
             s.facts.factors = {.knowledge = true, .possession = true};
             s.facts.password_renew_by = eight;
             s.request.session = SessionId{"S-1"};
         }},
        {"last second of the window", [](Scene& s) { s.now = eight + 2h - 1s; }},
        {"opened by hand",
         [](Scene& s) {
             s.first_window().times.open_mode = OpenMode::manual;
             s.first_window().times.state = WindowState::open;
         }},
        {"the window's only asset", [](Scene& s) { s.request.asset.reset(); }},
        {"the second account", [](Scene& s) { s.request.account = "dicom"; }},
        {"either direction of transfer",
         [](Scene& s) {
             s.request.function = Function::sftp;
             s.first_window().permissions.file_down = true;
         }},
        {"exec granted",
         [](Scene& s) {
             s.request.function = Function::exec;
             s.first_window().permissions.exec = true;
         }},
        {"a colleague elsewhere",
         [](Scene& s) { s.facts.sessions = {session("S-1", bob, lis, "203.0.113.25")}; }},
        {"two other sessions of three",
         [](Scene& s) {
             s.facts.sessions = {
                 session("S-1", alice, lis, "203.0.113.24"),
                 session("S-2", alice, lis, "203.0.113.24")};
         }},
        {"another channel of its own session",
         [](Scene& s) {
             s.facts.sessions = {session("S-1", alice, pacs, "203.0.113.24")};
             s.request.session = SessionId{"S-1"};
         }},
        {"a late report that the DSI lifted for this emergency",
         [](Scene& s) {
             s.facts.blocking_reports = {ReportId{"CR-1"}};
             s.first_window().times.emergency = true;
             s.first_window().report_lifted = true;
         }},
        {"an escort who is there",
         [](Scene& s) {
             s.first_window().escort_required = true;
             s.first_window().escort_present = true;
         }},
        {"a report that falls due during the session",
         [](Scene& s) {
             s.facts.blocking_reports = {ReportId{"CR-1"}};
             s.request.session = SessionId{"S-1"};
         }},
    };
    for (auto const& row : rows) {
        CAPTURE(row.what);
        Scene scene;
        row.change(scene);
        CHECK(scene.refusal() == std::nullopt);
    }
}

TEST_CASE("an emergency waives nothing", "[CLAUSIER:O-12.2.5.3][CHM:8.19]")
{
    Scene scene;
    scene.first_window().times.emergency = true;
    CHECK(scene.granted().emergency);
    scene.facts.blocking_reports = {ReportId{"CR-1"}};
    CHECK(scene.refusal() == Refusal::report_overdue);
    CHECK(scene.denied().report == ReportId{"CR-1"});
    scene.first_window().report_lifted = true;
    CHECK(scene.granted().emergency);
    auto ordinary = scene;
    ordinary.first_window().times.emergency = false;
    CHECK(ordinary.refusal() == Refusal::report_overdue);
    auto without_factor = scene;
    without_factor.facts.factors = {};
    CHECK(without_factor.refusal() == Refusal::factors_missing);
    auto undeclared = scene;
    undeclared.facts.declared.clear();
    CHECK(undeclared.refusal() == Refusal::address_not_declared);
    auto unrecorded = scene;
    unrecorded.facts.recorder_available = false;
    CHECK(unrecorded.refusal() == Refusal::recorder_unavailable);
}

TEST_CASE("where an escort is required, nothing opens while nobody is there", "[CHM:8.4]")
{
    Scene scene;
    scene.first_window().escort_required = true;
    CHECK(scene.refusal() == Refusal::escort_absent);
    CHECK(waits_for_hospital(*scene.refusal()));
    CHECK(scene.denied().window == morning);
    // A further channel of a running session opens something too.
    auto again = scene;
    again.facts.sessions = {session("S-1", alice, pacs, "203.0.113.24")};
    again.request.session = SessionId{"S-1"};
    CHECK(again.refusal() == Refusal::escort_absent);
    // The menu shows the window, and a longer window lengthens a session while its escort is away.
    again.request.function = Function::menu;
    CHECK(again.refusal() == std::nullopt);
    CHECK(menu_entries(scene.request, scene.facts, scene.now).size() == 1);
    // What the hospital cannot mend by coming is said first.
    auto wrong = scene;
    wrong.request.function = Function::exec;
    CHECK(wrong.refusal() == Refusal::function_not_permitted);
    scene.first_window().escort_present = true;
    CHECK(scene.refusal() == std::nullopt);
}

TEST_CASE("a person at their limit is refused wherever the sessions are")
{
    Scene scene;
    for (auto const* id : {"S-1", "S-2", "S-3"})
        scene.facts.sessions.push_back(session(id, alice, lis, "203.0.113.24"));
    CHECK(scene.refusal() == Refusal::session_limit);
    scene.facts.limits.per_person = 4;
    CHECK(scene.refusal() == std::nullopt);
    scene.facts.limits.per_person = 0;
    CHECK(scene.refusal() == Refusal::session_limit);
}

TEST_CASE("the reasons come in the order of the rule")
{
    Scene scene;
    scene.now = eight - 1s;
    scene.facts.factors = {};
    scene.facts.person = PersonState::suspended;
    scene.facts.identity_verified = false;
    scene.facts.declared.clear();
    scene.facts.vendor = VendorState::suspended;
    scene.facts.contract->until = eight - 1h;
    scene.facts.contract->assets.clear();
    scene.facts.charter_accepted = false;
    scene.facts.blocking_reports = {ReportId{"CR-1"}};
    scene.facts.assets[0].active = false;
    scene.request.account = "nobody";
    scene.request.function = Function::exec;
    scene.facts.sessions = {session("S-1", alice, pacs, "203.0.113.25")};
    scene.facts.recorder_available = false;

    std::vector<Refusal> found;
    for (auto const& reason : explain(scene.request, scene.facts, scene.now))
        found.push_back(reason.refusal);
    CHECK(
        found ==
        std::vector{
            Refusal::factors_missing,
            Refusal::person_not_active,
            Refusal::identity_not_verified,
            Refusal::address_not_declared,
            Refusal::vendor_suspended,
            Refusal::contract_not_in_date,
            Refusal::charter_not_accepted,
            Refusal::report_overdue,
            Refusal::before_window,
            Refusal::asset_not_in_contract,
            Refusal::asset_suspended,
            Refusal::account_not_allowed,
            Refusal::function_not_permitted,
            Refusal::session_elsewhere,
            Refusal::session_limit,
            Refusal::recorder_unavailable}
    );
}

TEST_CASE(
    "a session ends at the first of window, contract, declaration and role", "[CLAUSIER:O-12.2.5.3]"
)
{
    Scene scene;
    scene.facts.contract->until = eight + 90min;
    CHECK(scene.granted().until == eight + 90min);
    scene.facts.declared[0].until = eight + 60min;
    CHECK(scene.granted().until == eight + 60min);
    // A second declaration that admits the same address for longer counts.
    scene.facts.declared.push_back(
        {must(AddressRange::parse("203.0.113.24")), eight - 1h, eight + 80min}
    );
    CHECK(scene.granted().until == eight + 80min);
    // One without end as well, in whichever order.
    scene.facts.declared.push_back(
        {must(AddressRange::parse("203.0.113.24")), eight - 1h, std::nullopt}
    );
    CHECK(scene.granted().until == eight + 90min);
    scene.facts.roles[0].until = eight + 70min;
    CHECK(scene.granted().until == eight + 70min);
}

TEST_CASE("of several windows the best one answers")
{
    Scene scene;
    auto other = window(WindowId{"W-EVENING"}, eight + 10h, {pacs});

    SECTION("an ended and a coming one: the coming one, with its start")
    {
        scene.facts.windows.push_back(other);
        scene.now = eight + 3h;
        auto const denied = scene.denied();
        CHECK(denied.refusal == Refusal::before_window);
        CHECK(denied.window == other.id);
        CHECK(denied.start == eight + 10h);
        CHECK(denied.next == eight + 10h);
    }
    SECTION("two coming ones: the first to open")
    {
        scene.facts.windows.insert(scene.facts.windows.begin(), other);
        scene.now = eight - 1h;
        CHECK(scene.denied().start == eight);
    }
    SECTION("two live ones: the one that permits what is asked")
    {
        other.times.opens = eight - 1h;
        other.times.closes = eight + 30min;
        other.permissions = {.exec = true};
        scene.facts.windows.push_back(other);
        scene.request.function = Function::exec;
        CHECK(scene.granted().window == other.id);
        scene.request.function = Function::shell;
        CHECK(scene.granted().window == morning);
    }
    SECTION("one that is over, seen later")
    {
        scene.now = eight + 3h;
        auto const denied = scene.denied();
        CHECK(denied.end == eight + 2h);
        CHECK_FALSE(denied.next);
    }
    SECTION("a window for another asset is not this one's opening")
    {
        other.assets = {lis};
        scene.facts.windows = {other};
        CHECK(scene.denied().refusal == Refusal::no_window);
        CHECK_FALSE(scene.denied().next);
    }
}

TEST_CASE("a refusal carries what its sentence needs")
{
    Scene scene;
    scene.facts.blocking_reports = {ReportId{"CR-7"}};
    CHECK(scene.denied().report == ReportId{"CR-7"});
    scene.facts.blocking_reports.clear();
    scene.facts.sessions = {session("S-1", alice, lis, "203.0.113.25")};
    CHECK(scene.denied().elsewhere == address("203.0.113.25"));
}

TEST_CASE("the menu lists open windows only, and opens nothing")
{
    Scene scene;
    scene.request.asset.reset();
    scene.request.function = Function::menu;
    scene.facts.recorder_available = false; // opening will be refused, looking is not
    scene.first_window().assets = {pacs, lis};
    scene.facts.windows.push_back(window(WindowId{"W-EVENING"}, eight + 10h, {pacs}));
    CHECK_FALSE(scene.granted().asset);

    auto entries = menu_entries(scene.request, scene.facts, scene.now);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].asset == pacs);
    CHECK(entries[0].accounts == std::vector<std::string>{"root", "dicom"});
    CHECK(entries[1].asset == lis);
    CHECK(entries[1].until == eight + 2h);

    scene.facts.assets[1].active = false;
    CHECK(menu_entries(scene.request, scene.facts, scene.now).size() == 1);
    CHECK(menu_entries(scene.request, scene.facts, eight - 1s).empty());
    CHECK(scene.refusal() == std::nullopt);
    scene.now = eight - 1s;
    CHECK(scene.refusal() == Refusal::before_window);
}

TEST_CASE("a window over a night of the clock change ends at the hour that was typed", "[WEB:HE7]")
{
    struct Row {
        char const* opens;
        char const* closes;
        std::chrono::seconds length;
    };
    for (auto const& row :
         {Row{"2026-03-28 23:00", "2026-03-29 05:00", 5h},    // an hour is missing
          Row{"2026-10-24 23:00", "2026-10-25 05:00", 7h},    // an hour comes twice
          Row{"2026-11-23 23:00", "2026-11-24 05:00", 6h}}) { // an ordinary midnight
        CAPTURE(row.opens);
        Scene scene;
        auto const opens = must(parse_paris(row.opens));
        auto const closes = must(parse_paris(row.closes));
        CHECK(closes - opens == row.length);
        scene.facts.contract = Contract{opens - 24h, closes + 24h, {pacs, lis}};
        scene.facts.declared[0].from = opens - 24h;
        scene.first_window().times.opens = opens;
        scene.first_window().times.closes = closes;
        scene.now = opens - 1s;
        CHECK(scene.refusal() == Refusal::before_window);
        // Every half hour of the night, the doubled or missing one included.
        for (scene.now = opens; scene.now < closes; scene.now += 30min)
            CHECK(scene.granted().until == closes);
        scene.now = closes - 1s;
        CHECK(scene.granted().until == closes);
        scene.now = closes;
        CHECK(scene.refusal() == Refusal::after_window);
    }
}
