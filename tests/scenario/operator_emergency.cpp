#include "tests/support/must.h"
#include "tests/support/operator_rig.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse;
using namespace ecluse::test;

namespace {

std::string asked(OperatorRig& rig, std::vector<std::string> const& more = {"--emergency"})
{
    std::vector<std::string> words{
        "window",
        "request",
        "--asset",
        "scanner-1",
        "--opens",
        "now",
        "--closes",
        "+2h",
        "--function",
        "shell",
        "--nature",
        "corrective",
        "--reason",
        "bloc arrêté"};
    words.insert(words.end(), more.begin(), more.end());
    auto const ran = rig.as("n.belkacem", words);
    INFO(ran.out << ran.err);
    REQUIRE(ran.exit == 0);
    return ran.field("window");
}

std::vector<std::string> review_words(std::string const& window)
{
    return {
        "emergency",
        "review",
        window,
        "--verdict",
        "justified",
        "--happened",
        "scanner arrêté, remis en service en 40 minutes"};
}

bool tells(OperatorRig& rig, std::string const& login, std::string const& words)
{
    auto const ran = rig.ctl(
        {"login",
         login,
         "--password-file",
         rig.root() + "/password",
         "--code",
         rig.next_recovery(login)}
    );
    INFO(ran.out << ran.err);
    REQUIRE(ran.exit == 0);
    return ran.out.find(words) != std::string::npos;
}

} // namespace

TEST_CASE(
    "an emergency is told to the RSSI at once, and reviewed before the vendor's next one",
    "[CLAUSIER:O-12.2.5.3]"
)
{
    OperatorRig rig;
    rig.people();
    auto const first = asked(rig);
    REQUIRE(rig.as("c.leroy", {"window", "approve", first}).exit == 0);
    // At once: the journal, the RSSI's next login, and the daemon's log for a supervision.
    CHECK(tells(rig, "r.amrani", first));
    CHECK_FALSE(tells(rig, "d.roux", first));
    CHECK(rig.log("policyd").find("emergency granted: " + first) != std::string::npos);
    auto const due = [&] {
        return rig.as("r.amrani", {"emergency", "list", "--due"}).json().at("rows").as_array();
    };
    CHECK(due().empty());
    CHECK(rig.sign("r.amrani", review_words(first)).code() == "E-URG-04");
    REQUIRE(rig.as("c.leroy", {"window", "close", first, "--reason", "réparé"}).exit == 0);
    REQUIRE(due().size() == 1);
    CHECK(due().front().as_object().at("window").as_string() == first);

    // The next emergency waits for the review; an ordinary window does not.
    auto const second = asked(rig);
    CHECK(rig.as("c.leroy", {"window", "approve", second}).code() == "E-URG-01");
    auto const shown = rig.as("c.leroy", {"window", "show", second}).json();
    CHECK(shown.at("remarks").as_array() == json::array{"emergency_unreviewed"});
    auto const ordinary = asked(rig, {"--opens", "+10m", "--closes", "+1h"});
    CHECK(rig.as("c.leroy", {"window", "approve", ordinary}).exit == 0);

    // Signed, by the RSSI, once, and never a verdict against somebody without saying why.
    CHECK(rig.sign("d.roux", review_words(first)).code() == "E-DRT-01");
    auto unjustified = review_words(first);
    unjustified[4] = "unjustified";
    CHECK(rig.sign("r.amrani", unjustified).code() == "E-SAI-01");
    auto const reviewed = rig.sign("r.amrani", review_words(first));
    INFO(reviewed.out << reviewed.err);
    REQUIRE(reviewed.exit == 0);
    CHECK(rig.sign("r.amrani", review_words(first)).code() == "E-DEJ-01");
    CHECK(due().empty());
    CHECK_FALSE(tells(rig, "r.amrani", first));
    CHECK(rig.as("d.roux", {"window", "approve", second}).exit == 0);
    auto const kept = rig.as("r.amrani", {"journal", "show", "--type", "emergency.reviewed"});
    CHECK(kept.json().at("rows").as_array().size() == 1);
    auto wrong = review_words(second);
    wrong.insert(wrong.end(), {"--password-file", rig.root() + "/password", "--code", "000000"});
    CHECK(rig.as("r.amrani", wrong).code() == "E-AUT-01");
}

TEST_CASE("the rota says whom to call, and only of the DSI", "[CLAUSIER:O-12.2.5.3]")
{
    OperatorRig rig;
    rig.people();
    auto const add = [&](std::string const& by,
                         std::string const& who,
                         std::string const& from,
                         std::string const& until,
                         std::string const& phone = "01 23 45 67 89") {
        return rig.as(
            by, {"oncall", "add", who, "--from", from, "--until", until, "--phone", phone}
        );
    };
    auto const on_call = [&](std::string const& reader) {
        return rig.as(reader, {"oncall", "now"}).json().at("on_call").as_array();
    };
    CHECK(on_call("n.belkacem").empty());
    CHECK(add("r.amrani", "c.leroy", "now", "+12h").code() == "E-DRT-01");
    CHECK(add("c.leroy", "r.amrani", "now", "+12h").code() == "E-AST-01");
    CHECK(add("c.leroy", "personne", "now", "+12h").code() == "E-INC-01");
    CHECK(add("c.leroy", "d.roux", "+2h", "+1h").code() == "E-SAI-01");
    CHECK(add("c.leroy", "d.roux", "now", "+800h").code() == "E-SAI-01");
    CHECK(add("c.leroy", "d.roux", "now", "+1h", "<b>").code() == "E-SAI-01");
    auto const turn = add("c.leroy", "d.roux", "now", "+12h");
    INFO(turn.out << turn.err);
    REQUIRE(turn.exit == 0);
    CHECK(add("c.leroy", "d.roux", "+1h", "+2h").code() == "E-DEJ-01");
    REQUIRE(add("c.leroy", "c.leroy", "+12h", "+24h", "+33 6 12 34 56 78").exit == 0);
    CHECK(rig.as("r.amrani", {"oncall", "list"}).json().at("rows").as_array().size() == 2);
    CHECK(rig.as("n.belkacem", {"oncall", "list"}).code() == "E-DRT-01");
    auto const answering = on_call("n.belkacem");
    REQUIRE(answering.size() == 1);
    CHECK(answering.front().as_object().at("phone").as_string() == "01 23 45 67 89");
    // Its hours are half-open, and whoever may not decide any more is not called.
    rig.restart_policyd("+13h");
    for (auto const* const login : {"c.leroy", "d.roux", "n.belkacem"})
        rig.login(login);
    REQUIRE(on_call("n.belkacem").size() == 1);
    CHECK(on_call("n.belkacem").front().as_object().at("phone").as_string() == "+33 6 12 34 56 78");
    CHECK(rig.as("c.leroy", {"oncall", "remove", turn.field("oncall")}).code() == "E-ETA-01");
    auto const rows = rig.as("c.leroy", {"oncall", "list"}).json().at("rows").as_array();
    REQUIRE(rows.size() == 1);
    auto const other = std::string{rows.front().as_object().at("oncall").as_string()};
    REQUIRE(rig.as("d.roux", {"oncall", "remove", other}).exit == 0);
    CHECK(on_call("n.belkacem").empty());
    CHECK(rig.as("d.roux", {"oncall", "remove", other}).code() == "E-INC-01");
}

TEST_CASE("an escort is required at the approval, and says to be there and to leave", "[CHM:8.4]")
{
    OperatorRig rig;
    rig.people();
    auto const later = asked(rig, {"--opens", "+1h", "--closes", "+2h", "--escort"});
    auto const window = asked(rig);
    CHECK(rig.as("c.leroy", {"escort", "arrive", window}).code() == "E-CRE-01");
    for (auto const& one : {later, window})
        REQUIRE(rig.as("c.leroy", {"window", "approve", one, "--escort"}).exit == 0);
    auto const shown = [&] { return rig.as("n.belkacem", {"window", "show", window}).json(); };
    CHECK(shown().at("escort_required").as_bool());
    CHECK(shown().at("presences").as_array().empty());
    CHECK(rig.as("c.leroy", {"escort", "arrive", later}).code() == "E-ACC-02");
    CHECK(rig.as("n.belkacem", {"escort", "arrive", window}).code() == "E-DRT-01");
    CHECK(rig.as("c.leroy", {"escort", "leave", window}).code() == "E-DEJ-01");
    auto const came = rig.as("c.leroy", {"escort", "arrive", window});
    INFO(came.out << came.err);
    REQUIRE(came.exit == 0);
    CHECK(rig.as("c.leroy", {"escort", "arrive", window}).code() == "E-DEJ-01");
    REQUIRE(shown().at("presences").as_array().size() == 1);
    CHECK(shown().at("presences").as_array().front().as_object().at("left").is_null());
    // The end of the window is the end of every presence.
    REQUIRE(rig.as("d.roux", {"window", "close", window, "--reason", "réparé"}).exit == 0);
    CHECK(shown().at("presences").as_array().front().as_object().at("left").is_string());
    auto const events = rig.as("r.amrani", {"journal", "show", "--type", "window.escort_arrived"});
    CHECK(events.json().at("rows").as_array().size() == 1);
}
