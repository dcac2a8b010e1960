#include "tests/support/rdp_rig.h"

#include <boost/json.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace ecluse::test;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// A desktop, a client and an encoder start on machines that are busy with other tests.
constexpr auto start_limit = 60s;

} // namespace

/// One technician, one desktop, the RDP door between them (docs/requests.md §3bis).

TEST_CASE(
    "a ticket leads to the desktop, what is typed arrives, and all of it is recorded first", "[rdp]"
)
{
    RdpRig rig;
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.desk().desktop_comes(start_limit));
    auto const connected = rig.policy().events("target_connected");
    REQUIRE(connected.size() == 1);
    CHECK(connected[0].at("fingerprint").as_string() == rig.target().fingerprint());
    CHECK(connected[0].at("width").as_int64() == 1280);

    rig.desk().type("cp /etc/passwd fait");
    rig.desk().key("Return");
    CHECK(rig.policy().wait_for_frame('k', "\"name\":\"Enter\"", start_limit));
    INFO(rig.policy().recorded('k'));
    CHECK(rig.target().wait_for_file("desk1", "fait", "root", start_limit));
    CHECK(rig.policy().recorded('e').find("\"type\":\"desktop\"") != std::string::npos);
    CHECK(rig.policy().recorded('e').find("\"type\":\"shown\"") != std::string::npos);
    // The video begins with its description, and has pictures.
    CHECK(rig.policy().wait_for_frame('v', "moof"));
    CHECK(rig.policy().recorded('v').find("ftyp") == 4);
    CHECK(rig.dials() == 1);
}

TEST_CASE("a paused desktop takes no key, and goes on when it is told to", "[rdp][CHM:8.4]")
{
    RdpRig rig;
    rig.policy().change([](auto& script) { script.paused = true; });
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.desk().desktop_comes(start_limit));
    CHECK(rig.policy().wait_for_frame('e', "Saisie suspendue", start_limit));
    rig.desk().type("cp /etc/passwd vite");
    rig.desk().key("Return");
    // What is let go of passes: the last key has come, and with it all before.
    REQUIRE(rig.policy().wait_for_frame('k', "\"scan\":28", start_limit));
    CHECK(rig.policy().recorded('k').find("\"down\":true") == std::string::npos);

    rig.policy().push(json::object{
        {"push", "pause"}, {"paused", false}, {"text", "Saisie rétablie : on vous regarde."}});
    REQUIRE(rig.policy().wait_for_frame('e', "Saisie rétablie", start_limit));
    rig.desk().type("cp /etc/passwd ensuite");
    rig.desk().key("Return");
    CHECK(rig.target().wait_for_file("desk1", "ensuite", "root", start_limit));
    CHECK_FALSE(rig.target().wait_for_file("desk1", "vite", "root", std::chrono::seconds{0}));
}

// How fast: bench/rdp.
TEST_CASE("an order to end closes both sides, with its reason", "[rdp][WEB:GP3]")
{
    RdpRig rig;
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.desk().desktop_comes(start_limit));
    rig.policy().push(json::object{
        {"push", "end"}, {"reason", "cut"}, {"code", "E-FEN-09"}, {"text", "Session coupée."}});
    CHECK(rig.ended() == "cut");
    auto const outcome = client->finish(5s);
    CHECK_FALSE(outcome.timed_out);
    // xfreerdp3's words for an end that the server wanted, not for a broken connection.
    CHECK((outcome.status == 1 || outcome.status == 2));
    CHECK(rig.wait_gone("ecluse-rdp-worker", 5s));
    CHECK(rig.wait_gone("ecluse-encode", 5s));
    CHECK(rig.policy().recorded('z').find("cut") != std::string::npos);
}

TEST_CASE("the window's end cuts on the worker's own clock", "[rdp]")
{
    RdpRig rig;
    rig.policy().change([](auto& script) { script.left_ms = 15'000; });
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.policy().wait_for("target_connected", 1, start_limit));
    CHECK(rig.ended(20s) == "window_end");
    CHECK_FALSE(client->finish(5s).timed_out);
}

TEST_CASE("without a ticket the gateway's own login asks for both factors", "[rdp]")
{
    RdpRig rig;
    auto const client = rig.connect("prestataire");
    // The login screen: more than one colour, and no desktop.
    REQUIRE(rig.desk().wait_until_seen(
        [](Picture const& picture) {
            return picture.colours() > 3 && !RdpTarget::desktop_shown(picture);
        },
        start_limit
    ));
    for (auto const* const word : {"alice", "correct horse", "123456"}) {
        rig.desk().type(word);
        rig.desk().key("Tab");
    }
    rig.desk().key("Return");
    REQUIRE(rig.policy().wait_for("auth.finish", 1, start_limit));
    REQUIRE(rig.policy().wait_for("menu", 1, start_limit));
    CHECK(rig.dials() == 0);
    rig.desk().key("Return");
    CHECK(rig.desk().desktop_comes(start_limit));
}

TEST_CASE("a refusal is shown in words, and nothing is dialled", "[rdp]")
{
    RdpRig rig;
    rig.policy().change([](auto& script) { script.refuse = "E-FEN-03"; });
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.desk().wait_until_seen([](Picture const& picture) { return picture.colours() > 3; })
    );
    rig.desk().key("Return");
    CHECK(rig.ended() == "client_left");
    CHECK(rig.dials() == 0);
    CHECK(rig.processes("ecluse-encode").empty());
    CHECK_FALSE(client->finish(5s).timed_out);
}
