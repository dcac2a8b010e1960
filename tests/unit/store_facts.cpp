#include "common/json.h"
#include "policies/store/emergency_reviews.h"
#include "policies/store/escorts.h"
#include "policies/store/facts.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

#include <catch2/generators/catch_generators.hpp>

using namespace ecluse;
using namespace std::chrono_literals;

namespace {

UtcTime const eight{1'795'248'000s};

std::string text_of(UtcTime at)
{
    return std::to_string(at.time_since_epoch().count());
}

/// One technician, one vendor, one asset with two accounts, one open window.
struct Hospital {
    TempFolder folder;
    Database database = must(Database::open(folder / "ecluse.db"));

    Hospital()
    {
        run("INSERT INTO vendor(id, name, state, contract_reference, contract_from, contract_to, "
            "created_at, created_by) VALUES ('V', 'Acme', 'active', 'M-1', " +
            text_of(eight - 24h) + ", " + text_of(eight + 24h) + ", 0, 'x')");
        run("INSERT INTO person(id, login, first_name, last_name, vendor, state, "
            "identity_verified_at, created_at, created_by) "
            "VALUES ('P', 'jdupont', 'Jean', 'Dupont', 'V', 'active', 1, 0, 'x')");
        run("INSERT INTO person_role VALUES ('P', 'technician', NULL, 'x', 0)");
        run("INSERT INTO charter VALUES (1, 't', 'b', 'sha', 'x', 0)");
        run("INSERT INTO charter_acceptance VALUES (1, 'P', 'sha', 1, '192.0.2.1')");
        asset("A", "labo");
        run("INSERT INTO vendor_asset VALUES ('V', 'A')");
        run("INSERT INTO authorized_source VALUES ('S', 'V', '192.0.2.0/24', 'public', 'r', NULL, "
            "'approved', 'x', 0, 'y', 0, NULL, 0, NULL)");
        window("W", "open", eight, eight + 2h);
    }

    void run(std::string const& sql) { must(database.run(sql)); }

    void asset(std::string const& id, std::string const& name)
    {
        run("INSERT INTO asset(id, name, description, protocol, host, port, state, usage_hours, "
            "default_open_mode, session_limit, recording_days, created_at, created_by) VALUES ('" +
            id + "', '" + name +
            "', 'd', 'ssh', '127.0.0.1', 22, 'active', '[]', 'auto', 1, 90, "
            "0, 'x')");
        for (char const* const account : {"app", "root"})
            run("INSERT INTO asset_account(id, asset, name, method, secret_sealed, rotated_at) "
                "VALUES ('" +
                id + account + "', '" + id + "', '" + account + "', 'key', x'00', 0)");
    }

    void window(std::string const& id, std::string const& state, UtcTime opens, UtcTime closes)
    {
        run("INSERT INTO access_window(id, vendor, opens_at, closes_at, state, open_mode, nature, "
            "reason, details, requested_by, requested_at) VALUES ('" +
            id + "', 'V', " + text_of(opens) + ", " + text_of(closes) + ", '" + state +
            "', 'auto', 'corrective', 'r', '{}', 'P', 0)");
        run("INSERT INTO window_person VALUES ('" + id + "', 'P')");
        for (char const* const account : {"app", "root"})
            run("INSERT INTO window_asset VALUES ('" + id + "', 'A', '" + account + "')");
        run("INSERT INTO window_function VALUES ('" + id + "', 'shell')");
    }

    void session(std::string const& id, std::string const& window)
    {
        run("INSERT INTO session(id, connection, access_window, person, asset, account, protocol, "
            "source, source_port, factors, started_ms, recording) VALUES ('" +
            id + "', 'C', '" + window +
            "', 'P', 'A', 'root', 'ssh', '192.0.2.7', 1, 'f', 0, "
            "'open')");
    }

    void report(std::string const& window, std::string const& state, UtcTime due)
    {
        run("INSERT INTO report VALUES ('R" + window + "', '" + window + "', '" + state + "', " +
            text_of(due) + ", 0)");
    }

    [[nodiscard]] Facts facts(UtcTime now = eight)
    {
        auto facts = must(load_facts(database, PersonId{"P"}, std::nullopt, now));
        facts.factors = {.knowledge = true, .possession = true};
        facts.clock_trusted = true;
        facts.state_current = true;
        facts.recorder_available = true;
        return facts;
    }

    [[nodiscard]] bool grants(UtcTime now = eight, std::optional<std::string> account = {})
    {
        Request const request{
            .person = PersonId{"P"},
            .from = must(SourceAddress::parse("192.0.2.7")),
            .function = Function::shell,
            .asset = AssetId{"A"},
            .account = std::move(account),
            .window = std::nullopt,
            .session = std::nullopt};
        return std::holds_alternative<Granted>(decide(request, facts(now), now));
    }
};

} // namespace

TEST_CASE("the tables of a regular visit grant it, and only in its time")
{
    Hospital hospital;
    CHECK(hospital.grants());
    CHECK(hospital.grants(eight + 2h - 1s));
    CHECK_FALSE(hospital.grants(eight - 1s));
    CHECK_FALSE(hospital.grants(eight + 2h));
    auto const facts = hospital.facts();
    CHECK(facts.windows.size() == 1);
    CHECK(facts.assets.at(0).accounts == std::vector<std::string>{"app", "root"});
    CHECK(facts.contract->assets == std::vector<AssetId>{AssetId{"A"}});
    CHECK(facts.windows[0].permissions == Permissions{.shell = true});
}

TEST_CASE(
    "each row that is missing or different refuses the visit",
    "[WEB:GA3][CLAUSIER:O-12.3.11][CHM:13.14]"
)
{
    Hospital hospital;
    REQUIRE(hospital.grants());
    auto const sql = GENERATE(
        "UPDATE person SET state = 'suspended'",
        "UPDATE person SET identity_verified_at = NULL",
        "UPDATE person SET vendor = NULL",
        "DELETE FROM person_role",
        "UPDATE person_role SET role = 'vendor_manager'",
        "UPDATE person_role SET valid_to = 1",
        "DELETE FROM charter_acceptance",
        "UPDATE charter_acceptance SET sha256 = 'other'",
        "INSERT INTO charter VALUES (2, 't', 'b', 'sha2', 'x', 0)",
        "UPDATE vendor SET state = 'suspended'",
        "UPDATE vendor SET contract_to = 1",
        "UPDATE vendor SET contract_from = contract_to",
        "DELETE FROM vendor_asset",
        "DELETE FROM authorized_source",
        "UPDATE authorized_source SET state = 'declared'",
        "UPDATE authorized_source SET range = '198.51.100.0/24'",
        "UPDATE authorized_source SET valid_to = 1",
        "UPDATE access_window SET state = 'requested'",
        "UPDATE access_window SET state = 'cancelled'",
        "DELETE FROM window_person",
        "DELETE FROM window_asset",
        "DELETE FROM window_function",
        "UPDATE asset SET state = 'disabled'",
        "DELETE FROM asset_account",
        "INSERT INTO report VALUES ('R', 'W', 'returned', 1, 0)",
        "UPDATE access_window SET escort_required = 1",
        "INSERT INTO session (id, connection, access_window, person, asset, account, protocol, "
        "source, source_port, factors, started_ms, recording) VALUES ('S', 'C', 'W', 'P', 'A', "
        "'root', 'ssh', '192.0.2.7', 1, 'f', 0, 'open')"
    );
    CAPTURE(sql);
    hospital.run(sql);
    CHECK_FALSE(hospital.grants());
}

TEST_CASE("a row that cannot be understood stops the decision")
{
    Hospital hospital;
    auto const sql = GENERATE(
        "UPDATE person SET state = 'great'",
        "UPDATE person_role SET role = 'great'",
        "UPDATE vendor SET state = 'great'",
        "UPDATE authorized_source SET range = 'everywhere'",
        "UPDATE access_window SET state = 'great'",
        "UPDATE window_function SET function = 'everything'",
        "UPDATE asset SET protocol = 'telnet'"
    );
    hospital.run(sql);
    auto const facts = load_facts(hospital.database, PersonId{"P"}, std::nullopt, eight);
    CHECK(facts.error().code == Errc::corrupt);
}

TEST_CASE("an unknown person has no facts")
{
    Hospital hospital;
    auto const facts = load_facts(hospital.database, PersonId{"Q"}, std::nullopt, eight);
    CHECK(facts.error().code == Errc::not_found);
    CHECK(must(find_person(hospital.database, "jdupont")) == PersonId{"P"});
    CHECK_FALSE(must(find_person(hospital.database, "JDupont")));
    CHECK(must(find_asset(hospital.database, "labo")) == AssetId{"A"});
    CHECK_FALSE(must(find_asset(hospital.database, "' OR 1 = 1 --")));
}

TEST_CASE("two running windows of one asset give the accounts that both allow")
{
    Hospital hospital;
    hospital.window("X", "open", eight - 1h, eight + 1h);
    hospital.run("DELETE FROM window_asset WHERE window = 'X' AND account = 'root'");
    CHECK(hospital.grants(eight, "app"));
    CHECK_FALSE(hospital.grants(eight, "root"));
    // Once the narrower window is over, and likewise if it never opened, the other speaks alone.
    CHECK(hospital.grants(eight + 1h, "root"));
    hospital.run("UPDATE access_window SET state = 'cancelled' WHERE id = 'X'");
    CHECK(hospital.grants(eight, "root"));
}

TEST_CASE("the people of a subcontractor wait for the hospital's word or its silence of 21 days")
{
    Hospital hospital;
    hospital.run(
        "INSERT INTO subcontractor VALUES ('T', 'V', 'Sub', " + text_of(eight - 504h + 1s) +
        ", NULL, NULL, NULL)"
    );
    hospital.run("UPDATE person SET subcontractor = 'T'");
    CHECK_FALSE(hospital.grants(eight));
    CHECK(hospital.grants(eight + 1s));
    hospital.run("UPDATE subcontractor SET decision = 'objected'");
    CHECK_FALSE(hospital.grants(eight + 1s));
    hospital.run("UPDATE subcontractor SET decision = 'accepted'");
    CHECK(hospital.grants(eight));
}

TEST_CASE("a person who changed vendor leaves the windows behind")
{
    Hospital hospital;
    hospital.run("INSERT INTO vendor SELECT 'U', 'Other', state, NULL, NULL, NULL, 'M-2', "
                 "contract_from, contract_to, NULL, 0, 'x' FROM vendor");
    hospital.run("UPDATE person SET vendor = 'U'");
    CHECK(hospital.facts().windows.empty());
}

TEST_CASE("an escort is present from their word until they leave, as long as they may be one")
{
    Hospital hospital;
    hospital.run("INSERT INTO person(id, login, first_name, last_name, state, created_at, "
                 "created_by) VALUES ('D', 'cleroy', 'Claire', 'Leroy', 'active', 0, 'x')");
    hospital.run("INSERT INTO person_role VALUES ('D', 'dsi', NULL, 'x', 0)");
    hospital.run("UPDATE access_window SET escort_required = 1");
    auto const now = eight.time_since_epoch().count();
    auto& database = hospital.database;
    CHECK(must(store::escort_standing(database, "W", now)).missing());
    CHECK(must(store::escort_arrives(database, "W", "D", now)));
    CHECK_FALSE(must(store::escort_arrives(database, "W", "D", now)));
    CHECK(hospital.grants());
    CHECK(must(store::escort_standing(database, "W", now)).present.at(0).name == "Claire Leroy");
    // Whoever may no longer be one is no longer there, whatever the row says.
    for (auto const* const change :
         {"UPDATE person SET state = 'suspended' WHERE id = 'D'",
          "UPDATE person_role SET valid_to = 1 WHERE person = 'D'",
          "UPDATE person_role SET role = 'auditor' WHERE person = 'D'"}) {
        CAPTURE(change);
        hospital.run(change);
        CHECK_FALSE(hospital.grants());
        hospital.run("UPDATE person SET state = 'active' WHERE id = 'D'");
        hospital.run("UPDATE person_role SET role = 'dsi', valid_to = NULL WHERE person = 'D'");
        CHECK(hospital.grants());
    }
    hospital.run("UPDATE person_role SET role = 'escort' WHERE person = 'D'");
    hospital.run("UPDATE access_window SET escort = 'D'");
    CHECK(hospital.grants());
    CHECK(must(store::escort_leaves(database, "W", "D", now + 60)));
    CHECK_FALSE(must(store::escort_leaves(database, "W", "D", now + 60)));
    CHECK_FALSE(hospital.grants());
    CHECK(must(store::escort_arrives(database, "W", "D", now + 120)));
    CHECK(hospital.grants());
    must(store::escorts_leave(database, "W", now + 180));
    CHECK_FALSE(hospital.grants());
    CHECK(must(store::presences_of(database, "W")).size() == 2);
}

TEST_CASE("an emergency is to be reviewed once it is over and let somebody in")
{
    Hospital hospital;
    auto& database = hospital.database;
    hospital.run("UPDATE access_window SET emergency = 1, decided_by = 'P', decided_at = 0");
    auto const due = [&](UtcTime now) {
        return must(store::unreviewed_emergencies(database, "V", now.time_since_epoch().count()))
            .size();
    };
    CHECK(due(eight + 2h - 1s) == 0);
    CHECK(due(eight + 2h) == 1); // also while the clock has not written it yet
    hospital.run("UPDATE access_window SET state = 'approved', open_mode = 'manual'");
    CHECK(due(eight + 2h) == 0); // nobody opened it
    hospital.run("UPDATE access_window SET state = 'closed'");
    CHECK(due(eight) == 1);
    CHECK(must(store::unreviewed_emergencies(database, "U", 0)).empty());
    store::EmergencyReview const review{
        .window = "W",
        .happened = "panne",
        .verdict = "justified",
        .comment = std::nullopt,
        .reviewed_by = "P",
        .factors = "password+totp"};
    CHECK(must(store::insert_emergency_review(database, review)));
    CHECK_FALSE(must(store::insert_emergency_review(database, review)));
    CHECK(due(eight + 2h) == 0);
}

TEST_CASE("a late report stops an emergency until the approval lifts it")
{
    Hospital hospital;
    hospital.report("W", "due", eight - 1h);
    hospital.run("UPDATE access_window SET emergency = 1");
    CHECK_FALSE(hospital.grants());
    hospital.run("UPDATE access_window SET report_lifted_reason = 'bloc fermé'");
    CHECK(hospital.grants());
    hospital.run("UPDATE access_window SET emergency = 0");
    CHECK_FALSE(hospital.grants());
}

TEST_CASE("a report is late from its deadline on, until it is submitted")
{
    Hospital hospital;
    hospital.report("W", "draft", eight);
    auto const late = [&](UtcTime now) {
        return must(overdue_reports(hospital.database, VendorId{"V"}, now)).size();
    };
    CHECK(late(eight - 1s) == 0);
    CHECK(late(eight) == 1);
    hospital.run("UPDATE report SET state = 'submitted'");
    CHECK(late(eight) == 0);
    hospital.run("UPDATE report SET state = 'returned'");
    CHECK(late(eight) == 1);
    CHECK(must(overdue_reports(hospital.database, VendorId{"U"}, eight)).empty());
}

TEST_CASE("sources are in force while declaration, vendor and contract all are")
{
    Hospital hospital;
    hospital.run(
        "UPDATE authorized_source SET valid_from = " + text_of(eight - 1h) +
        ", valid_to = " + text_of(eight + 1h)
    );
    auto const count = [&](UtcTime now) {
        return must(sources_in_force(hospital.database, now)).size();
    };
    CHECK(count(eight - 1h - 1s) == 0);
    CHECK(count(eight - 1h) == 1);
    CHECK(count(eight + 1h - 1s) == 1);
    CHECK(count(eight + 1h) == 0);
    auto const next = [&](UtcTime now) { return must(next_source_change(hospital.database, now)); };
    CHECK(next(eight - 25h) == eight - 24h);
    CHECK(next(eight - 24h) == eight - 1h);
    CHECK(next(eight) == eight + 1h);
    CHECK(next(eight + 1h) == eight + 24h);
    CHECK(next(eight + 24h) == std::nullopt);
    auto const source = must(sources_in_force(hospital.database, eight)).at(0);
    CHECK(source.range.to_string() == "192.0.2.0/24");
    CHECK(source.until == eight + 1h);
    hospital.run("UPDATE vendor SET state = 'suspended'");
    CHECK(count(eight) == 0);
    hospital.run("UPDATE vendor SET state = 'active', contract_to = " + text_of(eight));
    CHECK(count(eight) == 0);
    CHECK(count(eight - 1s) == 1);
}

TEST_CASE("the clock opens, closes and expires windows, and says when")
{
    Hospital hospital;
    hospital.run("DELETE FROM window_function");
    hospital.window("N", "approved", eight + 1h, eight + 3h);
    hospital.window("E", "requested", eight + 4h, eight + 5h);
    auto const due = [&](UtcTime now) {
        std::vector<std::string> texts;
        for (auto const& one : must(due_transitions(hospital.database, now)))
            texts.push_back(one.window.text() + " " + std::string{to_code(one.to)});
        return texts;
    };
    using Texts = std::vector<std::string>;
    CHECK(due(eight + 1h - 1s) == Texts{});
    CHECK(due(eight + 1h) == Texts{"N open"});
    CHECK(due(eight + 2h) == Texts{"W closed", "N open"});
    CHECK(due(eight + 4h).back() == "E expired");
    auto const next = [&](UtcTime now) { return must(next_transition(hospital.database, now)); };
    CHECK(next(eight) == eight + 1h);
    CHECK(next(eight + 1h) == eight + 2h);
    CHECK(next(eight + 5h) == std::nullopt);
}

TEST_CASE("sessions of the person and of the windows are known until they end")
{
    Hospital hospital;
    hospital.session("S-1", "W");
    hospital.session("S-2", "W");
    CHECK(hospital.facts().sessions.size() == 2);
    hospital.run("UPDATE session SET ended_ms = 5 WHERE id = 'S-1'");
    auto const sessions = hospital.facts().sessions;
    REQUIRE(sessions.size() == 1);
    CHECK(sessions[0].id == SessionId{"S-2"});
    CHECK(sessions[0].from.to_string() == "192.0.2.7");
}
