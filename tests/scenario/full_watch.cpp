#include "tests/support/eventually.h"
#include "tests/support/full_stack.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>

using namespace ecluse;
using namespace ecluse::test;

namespace {

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

std::string live_session(FullStack& stack)
{
    auto const rows = stack.sessions();
    auto const live = std::ranges::find_if(rows, [](json::value const& row) {
        return row.as_object().at("ended_at").is_null();
    });
    REQUIRE(live != rows.end());
    return std::string{live->as_object().at("session").as_string()};
}

std::unique_ptr<Program>
watch(FullStack& stack, std::string const& login, std::string const& session)
{
    return std::make_unique<Program>(Program::Options{
        .words =
            {ECLUSE_CTL_PROGRAM,
             "--root",
             stack.root(),
             "--as",
             login,
             "session",
             "watch",
             session},
        .environment = {}});
}

} // namespace

TEST_CASE(
    "the DSI watches a live session, the technician knows it, and the journal too",
    "[CLAUSIER:O-9.9]"
)
{
    FullStack stack;
    stack.open_window();
    auto const shell = stack.live_shell();
    shell->write("echo avant-$((40+2))\r");
    stack.await(*shell, "avant-42");
    auto const session = live_session(stack);

    auto const dsi = watch(stack, "c.leroy", session);
    stack.await(*dsi, "avant-42");
    stack.await(*shell, "Session observée par l’établissement.");
    auto const rssi = watch(stack, "r.amrani", session);
    stack.await(*rssi, "avant-42");
    shell->write("echo maintenant-$((40+3))\r");
    stack.await(*dsi, "maintenant-43");
    stack.await(*rssi, "maintenant-43");
    auto const shown = stack.people().as("c.leroy", {"session", "show", session}).json();
    CHECK(shown.at("watched_by").as_array().size() == 2);
    auto const seen_by_vendor = stack.people().as("n.belkacem", {"session", "show", session});
    CHECK(seen_by_vendor.exit == 0);
    CHECK_FALSE(contains(seen_by_vendor.out, "watched_by"));

    // One leaves; the other still watches, and the technician is told when nobody does.
    rssi->signal(SIGINT);
    CHECK(rssi->finish().status == 0);
    CHECK_FALSE(contains(shell->out(), "n’est plus observée"));
    CHECK(stack.people().as("c.leroy", {"session", "message", session, "rappelez-moi"}).exit == 0);
    stack.await(*shell, "rappelez-moi");
    dsi->signal(SIGINT);
    CHECK(dsi->finish().status == 0);
    stack.await(*shell, "La session n’est plus observée.");

    auto const again = watch(stack, "c.leroy", session);
    stack.await(*again, "maintenant-43");
    CHECK(
        stack.people()
            .as("c.leroy", {"session", "cut", session, "--reason", "action non prévue"})
            .exit == 0
    );
    auto const seen = again->finish();
    INFO(seen.out << seen.err);
    CHECK(seen.status == 0);
    CHECK(contains(seen.out, "La session est terminée."));
    CHECK(contains(shell->finish().out, "action non prévue"));
    stack.wait_until_sealed(1);
    stack.check_evidence();

    auto const begun = stack.events("session.viewed");
    auto const ended = stack.events("session.view_ended");
    CHECK(begun.size() == 3);
    CHECK(ended.size() == 3);
    CHECK(contains(json::serialize(begun), "Leroy"));
    CHECK(contains(json::serialize(begun), "Amrani"));
}

TEST_CASE(
    "what the vendor sends waits while no escort watches, where the window says so", "[CHM:8.4]"
)
{
    FullStack stack;
    auto& people = stack.people();
    auto const opens = to_seconds(utc_now()) + 5s;
    auto const asked = stack.request("n.belkacem", opens, opens + 10min);
    REQUIRE(asked.exit == 0);
    auto const window = asked.field("window");
    auto const approved = people.as("c.leroy", {"window", "approve", window, "--escort-watch"});
    INFO(approved.out << approved.err);
    REQUIRE(approved.exit == 0);
    REQUIRE(people.as("c.leroy", {"escort", "set", window, "d.roux"}).exit == 0);
    REQUIRE(people.as("d.roux", {"escort", "arrive", window}).exit == 0);
    eventually([&] {
        return people.as("c.leroy", {"window", "show", window}).json().at("state") == "open";
    });
    auto const mark = [&](std::string const& name) { return stack.path(name); };
    auto const exists = [&](std::string const& name) {
        return std::filesystem::exists(stack.path(name));
    };
    auto const is_paused = [&](std::string const& session) {
        return people.as("d.roux", {"session", "show", session}).json().at("paused").as_bool();
    };
    // A command is sent with the request that starts it: it waits too.
    FullStack::Client const terminal{.options = {"-tt"}};
    auto const command = stack.start_ssh({"touch " + mark("by-command")}, terminal);
    stack.await(*command, "Saisie suspendue");
    auto const session = live_session(stack);
    CHECK(is_paused(session));
    CHECK_FALSE(exists("by-command"));

    auto escort = watch(stack, "d.roux", session);
    CHECK(command->finish().status == 0);
    CHECK(exists("by-command"));
    CHECK(escort->finish().status == 0);

    auto const shell = stack.start_ssh({}, terminal);
    stack.await(*shell, "Saisie suspendue");
    shell->write("touch " + mark("before") + "\r");
    auto const second = live_session(stack);
    // Somebody who is not the escort may look, and changes nothing.
    auto const rssi = watch(stack, "r.amrani", second);
    stack.await(*shell, "Session observée");
    CHECK_FALSE(exists("before"));
    escort = watch(stack, "d.roux", second);
    stack.await(*shell, "Saisie rétablie");
    eventually([&] { return exists("before"); });

    // The escort closes the view: what is typed from now on waits, though the RSSI still looks.
    escort->signal(SIGINT);
    CHECK(escort->finish().status == 0);
    eventually([&] { return is_paused(second); });
    shell->write("touch " + mark("between") + "\r");
    CHECK(people.as("c.leroy", {"session", "message", second, "un instant"}).exit == 0);
    stack.await(*shell, "un instant");
    CHECK_FALSE(exists("between"));

    // Back, and then gone for good: presence counts as much as looking.
    escort = watch(stack, "d.roux", second);
    eventually([&] { return exists("between"); });
    CHECK(people.as("d.roux", {"escort", "leave", window}).exit == 0);
    eventually([&] { return is_paused(second); });
    shell->write("touch " + mark("after") + "\r");
    CHECK(people.as("c.leroy", {"session", "message", second, "deux instants"}).exit == 0);
    stack.await(*shell, "deux instants");
    CHECK_FALSE(exists("after"));
    CHECK(people.as("c.leroy", {"session", "cut", second, "--reason", "fini"}).exit == 0);
    (void)shell->finish();
    CHECK_FALSE(exists("after"));
    stack.wait_until_sealed(2);
    stack.check_evidence();
    CHECK(stack.events("session.resumed").size() == 3);
}

TEST_CASE("watching ends with the login, the role and the person that allowed it", "[WEB:AA1]")
{
    FullStack stack;
    stack.open_window();
    auto const shell = stack.live_shell();
    auto const session = live_session(stack);
    auto& people = stack.people();

    SECTION("the login")
    {
        auto const viewer = watch(stack, "d.roux", session);
        stack.await(*viewer, "$");
        CHECK(people.as("d.roux", {"logout"}).exit == 0);
        auto const ended = viewer->finish();
        CHECK(ended.status == 5);
        CHECK(contains(ended.err, "ne la permet plus"));
    }
    SECTION("the role")
    {
        auto const viewer = watch(stack, "d.roux", session);
        stack.await(*viewer, "$");
        CHECK(
            people.as("a.petit", {"role", "revoke", "d.roux", "dsi", "--reason", "mutation"})
                .exit == 0
        );
        CHECK(viewer->finish().status == 5);
    }
    SECTION("the person")
    {
        auto const viewer = watch(stack, "d.roux", session);
        stack.await(*viewer, "$");
        CHECK(
            people.as("c.leroy", {"person", "suspend", "d.roux", "--reason", "départ"}).exit == 0
        );
        CHECK(viewer->finish().status == 5);
    }
    stack.await(*shell, "La session n’est plus observée.");
    shell->write("echo toujours-$((40+2)); exit 4\r");
    CHECK(shell->finish().status == 4);
    stack.wait_until_sealed(1);
    auto const ended = stack.events("session.view_ended");
    REQUIRE(ended.size() == 1);
    CHECK(contains(json::serialize(ended), "access_ended"));
}

TEST_CASE("who may not watch, and what does not live, is refused")
{
    FullStack stack;
    stack.open_window();
    auto const shell = stack.live_shell();
    auto const session = live_session(stack);
    for (auto const* const login : {"n.belkacem", "o.haddad", "a.petit"}) {
        auto const refused = watch(stack, login, session)->finish();
        INFO(login << refused.out << refused.err);
        CHECK(refused.status == 5);
    }
    CHECK(watch(stack, "c.leroy", "S-AAAAAAAAAAAAAAAA")->finish().status == 4);
    CHECK_FALSE(contains(shell->out(), "observée"));

    // Eight of one person at a time.
    std::vector<std::unique_ptr<Program>> views;
    for (int i = 0; i < 8; ++i) {
        views.push_back(watch(stack, "c.leroy", session));
        stack.await(*views.back(), "$");
    }
    auto const one_too_many = watch(stack, "c.leroy", session)->finish();
    INFO(one_too_many.err);
    CHECK(one_too_many.status == 5);
    CHECK(contains(one_too_many.err, "E-VUE-01"));
    shell->write("exit\r");
    shell->finish();
    for (auto const& view : views)
        CHECK(view->finish().status == 0);
    stack.wait_until_sealed(1);
    CHECK(watch(stack, "c.leroy", session)->finish().status == 4);
}

TEST_CASE(
    "a viewer who stands still disturbs nobody; a recorder that dies ends view and session",
    "[CHM:8.5]"
)
{
    FullStack stack;
    stack.open_window();
    auto const shell = stack.live_shell();
    auto const session = live_session(stack);
    auto const still = watch(stack, "d.roux", session);
    stack.await(*still, "$");
    still->signal(SIGSTOP);
    shell->write("head -c 30000000 /dev/zero | tr '\\0' x; echo; echo fini-$((40+2))\r");
    REQUIRE(shell->wait_for_output("fini-42", 60s));
    // Who comes now sees how it ended, of more than is kept for a viewer.
    auto const viewer = watch(stack, "c.leroy", session);
    stack.await(*viewer, "fini-42");
    still->signal(SIGCONT);
    auto const dropped = still->finish();
    CHECK(dropped.status == 1);
    CHECK(contains(dropped.err, "trop lentement"));
    stack.people().kill_recorder();
    auto const lost = viewer->finish();
    CHECK(lost.status == 6);
    CHECK(contains(lost.err, "s’est interrompue"));
    CHECK(contains(shell->finish().out, "E-ENR-01"));
    stack.reunite([&] { stack.people().start_recorder(); });
    stack.wait_until_sealed(1);
    stack.check_evidence();
    auto const ended = json::serialize(stack.events("session.view_ended"));
    CHECK(contains(ended, "viewer_slow"));
    CHECK(contains(ended, "recorder_lost"));
}
