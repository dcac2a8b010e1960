#include "tests/support/gateway_rig.h"

#include <boost/json.hpp>
#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <poll.h>

using namespace ecluse;
using namespace ecluse::test;

namespace {

using Clock = std::chrono::steady_clock;

bool contains(std::string const& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

std::string end_reason(GatewayRig& rig)
{
    REQUIRE(rig.policy().wait_for("ended"));
    auto const ended = rig.policy().requests("ended");
    return std::string{ended.back().at("reason").as_string()};
}

/// An interactive shell on the target, ready for input.
std::unique_ptr<Program> open_shell(GatewayRig& rig)
{
    auto shell = rig.start_ssh({}, {"-tt"});
    shell->write("echo ready-$((1+1))\r");
    REQUIRE(shell->wait_for_output("ready-2"));
    return shell;
}

} // namespace

// How soon an end is obeyed: bench/ssh measures it.

TEST_CASE(
    "the window's end cuts a session by the worker's own clock", "[CLAUSIER:O-12.2.5.3][WEB:HE7]"
)
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.left_ms = 1500; });
    auto const shell = rig.start_ssh({}, {"-tt"});
    REQUIRE(shell->wait_for_output("Session S-TEST"));
    auto const start = Clock::now();
    auto const done = shell->finish();
    CHECK(Clock::now() - start >= std::chrono::milliseconds{1000});
    CHECK(contains(done.out, "Créneau terminé"));
    CHECK(end_reason(rig) == "window_end");
    CHECK(contains(rig.policy().recorded('z'), "window_end"));
}

TEST_CASE("an order to end is shown and obeyed", "[CLAUSIER:O-9.14]")
{
    GatewayRig rig;
    auto const shell = open_shell(rig);
    rig.policy().push(
        {{"push", "end"},
         {"reason", "cut"},
         {"code", "E-SES-02"},
         {"text", "Session coupée par la DSI : essai."}}
    );
    REQUIRE(rig.policy().wait_for("ended"));
    auto const done = shell->finish();
    CHECK(contains(done.out, "Session coupée par la DSI"));
    CHECK(done.status == 255);
    CHECK(end_reason(rig) == "cut");
}

TEST_CASE("an order to end reaches a session whose client does not read")
{
    GatewayRig rig;
    auto const flood = rig.start_ssh({"cat /dev/zero"});
    REQUIRE(rig.policy().wait_for_frame('b', std::string(100, '\0')));
    flood->signal(SIGSTOP);
    // Long enough for every buffer on the way to be full.
    ::poll(nullptr, 0, 500);
    rig.policy().push({{"push", "end"}, {"reason", "cut"}, {"code", "E-SES-02"}, {"text", "coupée"}}
    );
    REQUIRE(rig.policy().wait_for("ended"));
    flood->signal(SIGCONT);
    CHECK(flood->finish().status == 255);
}

TEST_CASE("a flooding target with a stalled client does not grow the worker")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.exec_budget_bytes = 1 << 20; });
    auto const flood = rig.start_ssh({"cat /dev/zero"});
    REQUIRE(rig.policy().wait_for_frame('e', "elision"));
    flood->signal(SIGSTOP);
    ::poll(nullptr, 0, 1000);
    auto const pids =
        run({"sh", "-c", "cat /proc/" + std::to_string(rig.listener_pid()) + "/task/*/children"})
            .out;
    auto const memory = run({"sh",
                             "-c",
                             "for p in " + pids.substr(0, pids.find('\n')) +
                                 "; do grep VmRSS /proc/$p/status; done"})
                            .out;
    INFO(memory);
    auto const digits = memory.find_first_of("0123456789");
    REQUIRE(digits != std::string::npos);
#ifndef ECLUSE_SANITIZED // whose own memory is larger than ours
    CHECK(std::stol(memory.substr(digits)) < 40'000);
#endif
    flood->signal(SIGCONT);
    flood->signal(SIGTERM);
    (void)flood->finish();
    CHECK(end_reason(rig) == "client_left");
}

TEST_CASE("policyd's end is the session's end")
{
    GatewayRig rig;
    auto const shell = open_shell(rig);
    rig.policy().drop_workers();
    auto const done = shell->finish();
    CHECK(contains(done.out, "ne répond plus"));
    REQUIRE(rig.policy().wait_for_frame('z', "policyd_lost"));
}

TEST_CASE("a recorder that does not acknowledge ends the session", "[CHM:8.5]")
{
    GatewayRig rig;
    auto const shell = open_shell(rig);
    rig.policy().change([](auto& script) { script.acknowledge = false; });
    shell->write("echo more\r");
    auto const done = shell->finish();
    CHECK(contains(done.out, "E-ENR-01"));
    CHECK(end_reason(rig) == "recorder_stalled");
}

TEST_CASE("an idle session ends", "[WEB:DT9][SEGUR:IE.59]")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.idle_s = 6; });
    auto const shell = open_shell(rig);
    auto const done = shell->finish();
    CHECK(contains(done.out, "aucune activité"));
    CHECK(end_reason(rig) == "idle");
}

TEST_CASE("an extension moves the end, and is shown")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.left_ms = 5000; });
    auto const shell = open_shell(rig);
    rig.policy().push(
        {{"push", "extended"},
         {"until", "2026-11-21T19:00:00Z"},
         {"left_ms", 600'500},
         {"text", "Créneau prolongé."}}
    );
    REQUIRE(shell->wait_for_output("Créneau prolongé."));
    // The warning at ten minutes comes with the new end.
    REQUIRE(shell->wait_for_output("Fermeture dans 10 min"));
    CHECK(contains(shell->out(), "\x1b]0;cible-1 – reste 10 min\a"));
    ::poll(nullptr, 0, 5200);
    shell->write("echo still-$((1+2)); exit\r");
    auto const done = shell->finish();
    CHECK(contains(done.out, "still-3"));
    CHECK(done.status == 0);
}

TEST_CASE("the target's key must be the pinned one", "[WEB:GP2]")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) {
        script.target_keys = {
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMKLrQ7jMvWYBa0wSCGcbQzcbQzcbQzcbQzcbQzcbQzc"};
    });
    auto const done = rig.ssh({"echo", "in"});
    CHECK(done.status == 77);
    CHECK(done.out.empty());
    CHECK(contains(done.err, "E-CIB-03"));
    auto const failed = rig.policy().requests("target.failed");
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].at("code") == "E-CIB-03");
}

TEST_CASE("a refusal is explained in the channel, with status 77", "[WEB:DT11]")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.refuse = "E-FEN-03"; });
    auto const command = rig.ssh({"echo", "in"});
    CHECK(command.status == 77);
    CHECK(command.out.empty());
    CHECK(contains(command.err, "REFUS E-FEN-03"));
    auto const shell = rig.ssh({}, {"-tt"});
    CHECK(shell.status == 77);
    CHECK(contains(shell.out, "REFUS E-FEN-03"));
    CHECK(rig.dials() == 0);
}

TEST_CASE("a window that waits for the hospital is asked for again")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.waits = 1; });
    auto const shell = rig.start_ssh({}, {"-tt"});
    REQUIRE(shell->wait_for_output("q pour abandonner"));
    REQUIRE(shell->wait_for_output("Session S-TEST"));
    shell->write("exit 6\r");
    CHECK(shell->finish().status == 6);
    rig.policy().change([](auto& script) { script.waits = 100; });
    auto const other = rig.start_ssh({}, {"-tt"});
    REQUIRE(other->wait_for_output("q pour abandonner"));
    other->write("q");
    CHECK(other->finish().status == 77);
}

TEST_CASE("forwarding of any kind is refused and told", "[CLAUSIER:O-9.2][CHM:8.20]")
{
    GatewayRig rig;
    auto const through = rig.ssh({}, {"-W", "127.0.0.1:22"});
    CHECK(through.status != 0);
    CHECK(through.out.empty());
    REQUIRE(rig.policy().wait_for("forward_refused"));
    auto events = rig.policy().events("forward_refused");
    CHECK(events[0].at("what") == "direct-tcpip");
    CHECK(events[0].at("detail") == "127.0.0.1:22");
    rig.policy().forget();
    auto const remote =
        rig.ssh({"true"}, {"-R", "0:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes"});
    CHECK(remote.status == 255);
    REQUIRE(rig.policy().wait_for("forward_refused"));
    events = rig.policy().events("forward_refused");
    CHECK(events[0].at("what") == "tcpip-forward");
    auto const agent = rig.ssh({"test -z \"$SSH_AUTH_SOCK\" && echo none"}, {"-A"});
    CHECK(agent.out == "none\n");
}

TEST_CASE("terminal size, resizing, signals and the allowed environment reach the target")
{
    GatewayRig rig;
    auto const sized = rig.ssh(
        {"stty size; tput -T xterm cols >/dev/null; echo $LANG-$SECRET"},
        {"-tt", "-o", "SetEnv=LANG=fr_FR.UTF-8 SECRET=x"}
    );
    CHECK(contains(sized.out, "fr_FR.UTF-8-\r\n"));
    REQUIRE(rig.policy().wait_for("ended"));
    CHECK(!rig.policy().recorded('r').empty());
    auto const killed = rig.ssh({"kill -TERM $$"});
    CHECK(killed.status == 255); // what OpenSSH makes of an exit signal
    CHECK(contains(killed.err, ""));
    auto const big = rig.ssh({"head -c 300000 /dev/urandom | wc -c"});
    CHECK(contains(big.out, "300000"));
}

TEST_CASE("several channels of one connection are each decided")
{
    GatewayRig rig;
    auto const control = rig.path("control");
    auto const master = rig.start_ssh({"echo master; cat"}, {"-M", "-S", control});
    REQUIRE(master->wait_for_output("master"));
    std::vector<std::unique_ptr<Program>> others;
    for (int i = 0; i < 6; ++i)
        others.push_back(rig.start_ssh(
            {"echo n" + std::to_string(i) + "; head -c 2000000 /dev/zero | wc -c"}, {"-S", control}
        ));
    for (int i = 0; i < 6; ++i) {
        auto const done = others[static_cast<std::size_t>(i)]->finish();
        CHECK(done.out == "n" + std::to_string(i) + "\n2000000\n");
    }
    CHECK(rig.policy().requests("open").size() == 7);
    rig.policy().change([](auto& script) { script.refuse = "E-FEN-03"; });
    auto const late = rig.start_ssh({"echo", "in"}, {"-S", control});
    late->close_input();
    auto const refused = late->finish();
    CHECK(refused.status == 77);
    CHECK(contains(refused.err, "E-FEN-03"));
    master->close_input();
    CHECK(master->finish().status == 0);
    CHECK(rig.dials() == 1);
}

TEST_CASE("a password typed on the target is recorded as hidden input")
{
    GatewayRig rig;
    auto const shell = open_shell(rig);
    // Written so that the echo of this line is not yet the question.
    shell->write("w=pass; read -s -p \"Mot de ${w}e : \" x; echo; echo len-${#x}\r");
    REQUIRE(shell->wait_for_output("Mot de passe : "));
    shell->write("s3cret!\r");
    REQUIRE(shell->wait_for_output("len-7"));
    shell->write("exit\r");
    (void)shell->finish();
    REQUIRE(rig.policy().wait_for("ended"));
    CHECK(!contains(rig.policy().recorded('o'), "s3cret!"));
    CHECK(!contains(rig.policy().recorded('i'), "s3cret!"));
    CHECK(contains(rig.policy().recorded('n'), "s3cret!"));
    CHECK(contains(rig.policy().recorded('i'), "exit"));
}
