#include "tests/support/full_stack.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse;
using namespace ecluse::test;

TEST_CASE(
    "an emergency with a required escort: waited for at the door, followed, reported and reviewed",
    "[CLAUSIER:O-12.2.5.3][CHM:8.4]"
)
{
    FullStack stack;
    auto& people = stack.people();
    auto const asked = people.as(
        "n.belkacem",
        {"window",
         "request",
         "--asset",
         "irm-1",
         "--opens",
         "now",
         "--closes",
         "+1h",
         "--function",
         "exec",
         "--nature",
         "corrective",
         "--reason",
         "IRM arrêtée",
         "--emergency"}
    );
    INFO(asked.out << asked.err);
    REQUIRE(asked.exit == 0);
    auto const window = asked.field("window");
    REQUIRE(people.as("c.leroy", {"window", "approve", window, "--escort"}).exit == 0);

    // Nothing is waived: from an address that is not declared there is no door.
    FullStack::Client elsewhere;
    elsewhere.from = "127.0.0.9";
    CHECK(stack.ssh({"true"}, elsewhere).status == 255);

    // The door says who is missing, and opens by itself once somebody is there.
    FullStack::Client terminal;
    terminal.options = {"-tt"};
    auto const waiting = stack.start_ssh({"echo fait; cat"}, terminal);
    stack.await(*waiting, "E-ACC-01");
    CHECK(stack.sessions().empty());
    REQUIRE(people.as("d.roux", {"escort", "arrive", window}).exit == 0);
    stack.await(*waiting, "fait", 20s);
    REQUIRE(stack.sessions().size() == 1);
    // One refusal in the list, however often the door asked.
    auto const refusals =
        people.as("c.leroy", {"refusal", "list", "--login", "n.belkacem"}).json().at("rows");
    std::size_t absent = 0;
    for (auto const& row : refusals.as_array())
        absent += row.as_object().at("code").as_string() == "E-ACC-01" ? 1U : 0U;
    CHECK(absent == 1);

    // Who leaves is missed by the person at work, and nothing further opens.
    REQUIRE(people.as("d.roux", {"escort", "leave", window}).exit == 0);
    stack.await(*waiting, "n’accompagne plus");
    REQUIRE(people.as("c.leroy", {"window", "close", window, "--reason", "réparée"}).exit == 0);
    stack.wait_until_sealed(1);
    stack.check_evidence();

    auto const report = people.as("n.belkacem", {"window", "show", window}).field("report");
    REQUIRE_FALSE(report.empty());
    auto const shown = people.as("n.belkacem", {"report", "show", report});
    INFO(shown.out << shown.err);
    auto const facts = shown.json().at("facts").as_object();
    CHECK(facts.at("window").as_object().at("emergency").as_bool());
    auto const& escort = facts.at("escort").as_object();
    CHECK(escort.at("required").as_bool());
    REQUIRE(escort.at("presences").as_array().size() == 1);
    CHECK(escort.at("presences").as_array().front().as_object().contains("until"));
    CHECK(stack.events("window.emergency").size() == 1);
    CHECK(
        people
            .sign(
                "r.amrani",
                {"emergency",
                 "review",
                 window,
                 "--verdict",
                 "justified",
                 "--happened",
                 "IRM arrêtée un samedi"}
            )
            .exit == 0
    );
}
