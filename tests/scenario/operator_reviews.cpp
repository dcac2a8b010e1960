#include "common/bytes.h"
#include "tests/support/eventually.h"
#include "tests/support/must.h"
#include "tests/support/operator_rig.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse;
using namespace ecluse::test;

namespace {

std::size_t rounds(OperatorRig& rig)
{
    return times_said(rig.log("policyd"), "accounts looked at");
}

/// The daemon again, this far from now, once it has looked at the accounts.
void look_at(OperatorRig& rig, std::string const& moved)
{
    auto const before = rounds(rig);
    rig.restart_policyd(moved);
    eventually([&] { return rounds(rig) > before; });
}

boost::json::array rows(OperatorRig& rig, std::string const& by, std::vector<std::string> words)
{
    auto const ran = rig.as(by, std::move(words));
    INFO(ran.out << ran.err);
    REQUIRE(ran.exit == 0);
    return ran.json().at("rows").as_array();
}

std::string field_of(boost::json::array const& all, std::string_view login, char const* field)
{
    for (auto const& row : all)
        if (row.at("login").as_string() == login)
            return row.at(field).is_null() ? "-" : std::string{row.at(field).as_string()};
    return "absent";
}

std::string state(OperatorRig& rig, std::string const& login)
{
    return rig.as("c.leroy", {"person", "show", login}).field("state");
}

void log_in_all(OperatorRig& rig)
{
    for (auto const* login : {"c.leroy", "d.roux", "r.amrani", "a.petit", "o.haddad"})
        rig.login(login);
}

} // namespace

TEST_CASE(
    "every six months a vendor confirms its people, the hospital validates, and who is not "
    "confirmed is suspended",
    "[CHM:2.6]"
)
{
    OperatorRig rig;
    rig.people();
    look_at(rig, "+150d");
    log_in_all(rig);
    CHECK(rows(rig, "c.leroy", {"review", "list"}).empty());
    look_at(rig, "+190d");
    log_in_all(rig);
    // One for the vendor, one for the hospital's own people.
    auto const running = rows(rig, "c.leroy", {"review", "list", "--running"});
    REQUIRE(running.size() == 2);
    std::string vendors, staff;
    for (auto const& row : running)
        (row.at("vendor").is_null() ? staff : vendors) = row.at("review").as_string();
    REQUIRE(rows(rig, "o.haddad", {"review", "list"}).size() == 1);
    CHECK(rig.as("o.haddad", {"review", "show", staff}).code() == "E-INC-01");
    CHECK(rig.as("n.belkacem", {"review", "list"}).exit != 0);

    auto const shown = rig.as("o.haddad", {"review", "show", vendors}).json();
    CHECK(shown.at("rows").as_array().size() == 2);
    CHECK(boost::json::serialize(shown.at("assets")).find("scanner-1") != std::string::npos);
    auto const keep = [&](std::string const& by, std::string const& review, std::string who) {
        return rig.as(by, {"review", "decide", review, std::move(who), "--verdict", "keep"});
    };
    CHECK(keep("o.haddad", vendors, "n.belkacem").exit == 0);
    CHECK(keep("o.haddad", vendors, "o.haddad").code() == "E-QUA-01");
    CHECK(keep("o.haddad", vendors, "c.leroy").code() == "E-INC-01");
    CHECK(keep("o.haddad", staff, "c.leroy").code() == "E-INC-01");
    CHECK(keep("r.amrani", vendors, "n.belkacem").code() == "E-PER-01");
    CHECK(keep("r.amrani", staff, "c.leroy").exit == 0);
    CHECK(keep("c.leroy", staff, "r.amrani").exit == 0);
    CHECK(rig.sign("c.leroy", {"review", "validate", vendors}).code() == "E-REV-01");
    CHECK(
        rig.as("c.leroy", {"review", "decide", vendors, "o.haddad", "--verdict", "remove"})
            .code() == "E-SAI-01"
    );

    // Its time passes with o.haddad not confirmed.
    look_at(rig, "+206d");
    rig.login("c.leroy");
    rig.login("r.amrani");
    auto const after = rows(rig, "c.leroy", {"review", "show", vendors});
    CHECK(field_of(after, "n.belkacem", "verdict") == "keep");
    CHECK(field_of(after, "o.haddad", "verdict") == "unconfirmed");
    CHECK(state(rig, "o.haddad") == "suspended");
    CHECK(state(rig, "d.roux") == "suspended");
    // Nobody else administers the platform: that one stays, and waits for somebody's decision.
    CHECK(state(rig, "a.petit") == "active");
    CHECK(rig.sign("r.amrani", {"review", "validate", staff}).code() == "E-REV-01");
    auto const validated = rig.sign("c.leroy", {"review", "validate", vendors, "--comment", "vu"});
    INFO(validated.out << validated.err);
    REQUIRE(validated.exit == 0);
    CHECK(rig.sign("c.leroy", {"review", "validate", vendors}).code() == "E-DEJ-01");
    CHECK(keep("c.leroy", vendors, "n.belkacem").code() == "E-ETA-01");
    // The minutes say what was decided, whatever becomes of people, and the journal has their
    // digest.
    CHECK(rig.as("c.leroy", {"person", "reactivate", "o.haddad", "--reason", "oubli"}).exit == 0);
    auto const file = rig.root() + "/revue.json";
    REQUIRE(rig.as("c.leroy", {"review", "minutes", vendors, "--output", file}).exit == 0);
    auto const minutes = must(read_file(file, 1 << 20));
    CHECK(to_hex(sha256(minutes)) == validated.field("minutes_sha256"));
    CHECK(minutes.find(R"("verdict":"unconfirmed")") != std::string::npos);
    CHECK(minutes.find(R"("comment":"vu")") != std::string::npos);
    // The next one is six months after this one was opened.
    look_at(rig, "+207d");
    rig.login("c.leroy");
    for (auto const& row : rows(rig, "c.leroy", {"review", "list", "--running"}))
        CHECK(row.at("vendor").is_null());
}

TEST_CASE(
    "an account that nobody uses is announced, then suspended; the hospital puts it back in use",
    "[WEB:GA4]"
)
{
    OperatorRig rig;
    rig.people();
    auto const announced = [&] {
        std::string all;
        for (auto const& row :
             rows(rig, "r.amrani", {"journal", "show", "--type", "person.dormancy_announced"}))
            all += boost::json::serialize(row);
        return all;
    };
    look_at(rig, "+70d");
    rig.login("r.amrani");
    CHECK(announced().empty());
    look_at(rig, "+77d");
    rig.login("r.amrani");
    rig.login("c.leroy");
    CHECK_FALSE(announced().empty());
    CHECK(state(rig, "n.belkacem") == "active");
    // A clock that jumps past the term suspends nobody: what was announced is withdrawn.
    rig.move_clock("+120d");
    eventually([&] { return rig.log("policyd").find("suspensions withdrawn") != std::string::npos; }
    );
    look_at(rig, "+120d");
    rig.login("c.leroy");
    CHECK(state(rig, "n.belkacem") == "active");
    look_at(rig, "+135d");
    rig.login("c.leroy");
    CHECK(state(rig, "n.belkacem") == "suspended");
    CHECK(
        rig.as("c.leroy", {"person", "show", "n.belkacem"}).field("state_reason") ==
        "Compte inutilisé."
    );
    // d.roux went as well: c.leroy is of the DSI too. Nobody else administers the platform.
    CHECK(state(rig, "d.roux") == "suspended");
    CHECK(state(rig, "a.petit") == "active");
    // Back in use, and for another ninety days.
    CHECK(
        rig.as("c.leroy", {"person", "reactivate", "n.belkacem", "--reason", "de retour"}).exit == 0
    );
    look_at(rig, "+140d");
    rig.login("c.leroy");
    CHECK(state(rig, "n.belkacem") == "active");
}
