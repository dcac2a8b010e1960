#include "recorder/verify/verify.h"
#include "tests/support/gateway_rig.h"
#include "tests/support/must.h"
#include "tests/support/recorder_process.h"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <unistd.h>

using namespace ecluse;
using namespace ecluse::test;

namespace {

bool contains(std::string const& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a key and a code open a command on the target, recorded", "[CLAUSIER:O-9.2][CHM:8.5]")
{
    GatewayRig rig;
    auto const done = rig.ssh({"echo out; echo err >&2; exit 3"});
    INFO(done.err);
    CHECK(done.status == 3);
    CHECK(done.out == "out\n");
    CHECK(contains(done.err, "err\n"));
    CHECK(contains(done.err, "Écluse – télémaintenance, CH de Test"));
    CHECK(!contains(done.err, "Bonjour"));
    REQUIRE(rig.policy().wait_for("ended"));
    CHECK(rig.policy().recorded('b').find("out\n") != std::string::npos);
    CHECK(rig.policy().recorded('b').find("err\n") != std::string::npos);
    CHECK(contains(rig.policy().recorded('z'), "client_left"));
    auto const events = rig.policy().events("exec");
    REQUIRE(events.size() == 1);
    CHECK(events[0].at("exit") == 3);
    CHECK(rig.policy().events("target_connected").size() == 1);
}

TEST_CASE("a shell without asset shows the menu, and the choice opens it")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.windows = 2; });
    auto const shell = rig.start_ssh({}, {"-tt"}, "alice");
    REQUIRE(shell->wait_for_output("Choix [1-2"));
    shell->write("?\r");
    REQUIRE(shell->wait_for_output("Tapez le numéro"));
    shell->write("1\r");
    REQUIRE(shell->wait_for_output("Session S-TEST"));
    shell->write("echo mark-$((40+2)); exit 5\r");
    auto const done = shell->finish();
    CHECK(contains(done.out, "Bonjour Alice Martin"));
    CHECK(contains(done.out, "mark-42"));
    CHECK(done.status == 5);
    REQUIRE(rig.policy().wait_for("ended"));
    CHECK(contains(rig.policy().recorded('o'), "mark-42"));
    CHECK(contains(rig.policy().recorded('i'), "echo mark-"));
}

TEST_CASE("a session through the gateway is sealed by the real recorder, and verifies")
{
    TemporaryFolder const root;
    RecorderProcess recorder{root.path()};
    PolicydSide recorder_side{recorder.socket()};
    GatewayRig rig;
    rig.policy().use_intake([&] {
        auto intake = recorder_side.create(session_id(1));
        return Fd{::dup(intake.fd())};
    });
    auto const done = rig.ssh({"echo sealed; head -c 500000 /dev/zero | wc -c"});
    INFO(done.err);
    CHECK(done.out == "sealed\n500000\n");
    auto const sealed = recorder_side.push("sealed", session_id(1));
    CHECK(sealed.at("end_reason").as_string() == "client_left");
    auto const files =
        must(recording::RecordingFiles::from_folder(folder_of(root.path(), session_id(1))));
    auto const verdict = recording::verify(
        files, {.evidence_certificate = std::nullopt, .allow_not_countersigned = true}
    );
    for (auto const& fault : verdict.faults)
        FAIL_CHECK(describe(fault, Language::french));
}

TEST_CASE("a recorder that stops ends the session")
{
    TemporaryFolder const root;
    RecorderProcess recorder{root.path()};
    PolicydSide recorder_side{recorder.socket()};
    GatewayRig rig;
    rig.policy().use_intake([&] {
        auto intake = recorder_side.create(session_id(1));
        return Fd{::dup(intake.fd())};
    });
    auto const shell = rig.start_ssh({}, {"-tt"});
    shell->write("echo ready-$((1+1))\r");
    REQUIRE(shell->wait_for_output("ready-2"));
    recorder.signal(SIGSTOP);
    shell->write("echo more\r");
    auto const done = shell->finish();
    CHECK(contains(done.out, "E-ENR-01"));
    recorder.signal(SIGCONT);
}

TEST_CASE("kill -9 of the recorder ends the session")
{
    TemporaryFolder const root;
    RecorderProcess recorder{root.path()};
    PolicydSide recorder_side{recorder.socket()};
    GatewayRig rig;
    rig.policy().use_intake([&] {
        auto intake = recorder_side.create(session_id(1));
        return Fd{::dup(intake.fd())};
    });
    auto const flood = rig.start_ssh({"cat /dev/zero"});
    REQUIRE(flood->wait_for_output(std::string(1000, '\0')));
    recorder.signal(SIGKILL);
    auto const done = flood->finish();
    CHECK(done.status == 255);
}
