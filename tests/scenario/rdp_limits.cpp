#include "tests/support/rdp_rig.h"

#include <boost/json.hpp>
#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <poll.h>
#include <sys/socket.h>

using namespace ecluse::test;
using namespace std::chrono_literals;
namespace json = boost::json;

/// How a desktop session is bounded, and what the person at it is told.

namespace {

constexpr auto start_limit = 60s;
/// Where the banner lies: at the top of the desktop, in the middle.
constexpr int banner_x = 400, banner_wide = 480, banner_high = 60;

Picture banner_part(Picture const& screen)
{
    return screen.part(banner_x, 0, banner_wide, banner_high);
}

/// The gateway's own login, which is no desktop.
bool is_login(Picture const& picture)
{
    return picture.colours() > 3 && !RdpTarget::desktop_shown(picture);
}

/// A desktop whose first notice has been taken away.
std::unique_ptr<Program> quiet_desktop(RdpRig& rig)
{
    auto client = rig.connect_with_ticket();
    REQUIRE(rig.desk().desktop_comes(start_limit));
    REQUIRE(rig.policy().wait_for_frame('e', "\"type\":\"shown\"", start_limit));
    rig.desk().key("ctrl+alt+Escape");
    // The root of the target's desktop is black.
    REQUIRE(rig.desk().wait_until_seen([&](Picture const& now) {
        return now.is_near(640, 10, {0, 0, 0}) && now.is_near(500, 30, {0, 0, 0});
    }));
    return client;
}

} // namespace

TEST_CASE("a desktop that nobody touches is closed", "[rdp]")
{
    RdpRig rig;
    rig.policy().change([](auto& script) { script.idle_s = 8; });
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.policy().wait_for("target_connected", 1, start_limit));
    CHECK(rig.ended(20s) == "idle");
    CHECK_FALSE(client->finish(5s).timed_out);
}

TEST_CASE("an extension is shown, lasts, and leaves the desktop as it was", "[rdp]")
{
    RdpRig rig;
    rig.policy().change([](auto& script) { script.left_ms = 45'000; });
    auto const client = quiet_desktop(rig);
    auto const bare = banner_part(rig.desk().look());
    rig.policy().push(json::object{
        {"push", "extended"},
        {"until", "2026-11-27T18:00:00Z"},
        {"left_ms", 600'000},
        {"text", "Créneau prolongé jusqu'à 19:00."}});
    REQUIRE(rig.policy().wait_for_frame('e', "Créneau prolongé", start_limit));
    REQUIRE(rig.desk().wait_until_seen([&](Picture const& now) {
        return psnr(bare, banner_part(now)) < 20;
    }));
    // What is under it belongs to the target, which draws it again.
    rig.desk().key("ctrl+alt+Escape");
    CHECK(rig.desk().wait_until_seen([&](Picture const& now) {
        return psnr(bare, banner_part(now)) == 99;
    }));
    // A click does the same.
    rig.policy().push(json::object{{"push", "message"}, {"text", "La DSI observe."}});
    REQUIRE(rig.desk().wait_until_seen([&](Picture const& now) {
        return psnr(bare, banner_part(now)) < 20;
    }));
    rig.desk().click(640, 10);
    CHECK(rig.desk().wait_until_seen([&](Picture const& now) {
        return psnr(bare, banner_part(now)) > 40;
    }));
    // The first end has passed.
    CHECK(rig.ended(30s).empty());
    CHECK(RdpTarget::desktop_shown(rig.desk().look()));
}

TEST_CASE("attempts at the gateway's own login are counted", "[rdp]")
{
    RdpRig rig;
    rig.policy().change([](auto& script) { script.attempts_max = 2; });
    auto const client = rig.connect("prestataire");
    REQUIRE(rig.desk().wait_until_seen(is_login, start_limit));
    for (std::size_t attempt = 1; attempt <= 2; ++attempt) {
        if (attempt == 1) rig.desk().type("alice");
        rig.desk().key("Tab");
        rig.desk().type("faux");
        rig.desk().key("Tab");
        rig.desk().type("000000");
        rig.desk().key("Return");
        REQUIRE(rig.policy().wait_for("auth.finish", attempt, start_limit));
        // The form is empty again, its caret on the password's line or on the first.
        if (attempt == 1) rig.desk().key("shift+Tab");
    }
    CHECK(rig.ended() == "client_left");
    CHECK(rig.policy().requests("auth.finish").size() == 2);
    CHECK(rig.dials() == 0);
    CHECK_FALSE(client->finish(5s).timed_out);
}

TEST_CASE(
    "tickets that are guessed lead to the login, each as an attempt, and never to a target", "[rdp]"
)
{
    RdpRig rig;
    auto const right = ScriptedPolicy::Script{}.ticket;
    for (std::size_t guess = 0; guess < 5; ++guess) {
        auto ticket = right;
        ticket[16 + guess * 7] = '2';
        auto const client = rig.connect(ticket);
        REQUIRE(rig.policy().wait_for("ticket.redeem", guess + 1, start_limit));
        CHECK(rig.desk().wait_until_seen(is_login, start_limit));
        client->signal(SIGKILL);
        CHECK_FALSE(client->finish(5s).timed_out);
        CHECK(rig.ended(15s, guess + 1) == "client_left");
    }
    CHECK(rig.policy().requests("ticket.redeem").size() == 5);
    CHECK(rig.dials() == 0);
    CHECK(rig.wait_gone("ecluse-rdp-worker", 10s));
}

TEST_CASE("a login that was begun and never finished is told to policyd", "[rdp]")
{
    RdpRig rig;
    auto const client = rig.connect("prestataire");
    REQUIRE(rig.desk().wait_until_seen(is_login, start_limit));
    rig.desk().type("alice\tcorrect");
    auto const typed = rig.desk().look();
    REQUIRE(rig.desk().wait_until_seen([&](Picture const& now) { return psnr(typed, now) > 40; }));
    client->signal(SIGKILL);
    REQUIRE(rig.policy().wait_for("auth.incomplete", 1, start_limit));
    auto const told = rig.policy().requests("auth.incomplete")[0];
    CHECK(told.at("login").as_string() == "alice");
    CHECK(told.at("step").as_string() == "password");
    CHECK(rig.policy().requests("auth.finish").empty());
}

TEST_CASE("several monitors are one desktop", "[rdp]")
{
    RdpRig rig;
    auto const client =
        rig.connect(ScriptedPolicy::Script{}.ticket, {"/multimon:force", "/monitors:0"});
    REQUIRE(rig.policy().wait_for("target_connected", 1, start_limit));
    auto const connected = rig.policy().events("target_connected")[0];
    CHECK(connected.at("width").as_int64() == 1280);
    CHECK(connected.at("height").as_int64() == 800);
    CHECK(rig.desk().desktop_comes(start_limit));
}

TEST_CASE(
    "five hundred connections that say nothing do not keep a technician out for long", "[rdp]"
)
{
    RdpRig rig;
    rig.policy().change([](auto& script) { script.auth_timeout_s = 5; });
    std::vector<ecluse::Fd> sockets;
    for (int i = 0; i < 500; ++i)
        sockets.push_back(rig.knock());
    // The listener keeps what one address may have and closes the rest.
    auto const workers = rig.processes("ecluse-rdp-worker").size();
    CHECK(workers <= 60);
    CHECK(rig.wait_gone("ecluse-rdp-worker", 60s));
    sockets.clear();
    rig.policy().change([](auto& script) { script.auth_timeout_s = 30; });
    auto const client = rig.connect_with_ticket();
    CHECK(rig.desk().desktop_comes(start_limit));
    CHECK(rig.dials() == 1);
}
