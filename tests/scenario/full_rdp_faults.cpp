#include "tests/support/full_rdp.h"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <filesystem>
#include <poll.h>
#include <sys/mount.h>

using namespace ecluse;
using namespace ecluse::test;

namespace {

using Clock = std::chrono::steady_clock;

/// The desktop is not shown any more: what a person at the client sees of a cut. How soon:
/// bench/rdp.
bool gets_dark(FullRdp& rdp)
{
    auto const until = Clock::now() + 20s;
    while (RdpTarget::desktop_shown(rdp.desk().look()))
        if (Clock::now() > until) return false;
    return true;
}

int the_one(FullRdp& rdp, std::string const& program)
{
    auto const found = rdp.session_pids(program);
    INFO(rdp.logs());
    REQUIRE(found.size() == 1);
    return found[0];
}

} // namespace

TEST_CASE(
    "kill -9 of the RDP worker or of its encoder ends the session; what was kept verifies",
    "[CHM:8.5]"
)
{
    FullRdp rdp;
    rdp.open_window();
    std::size_t sessions = 0;
    for (auto const* const program : {"ecluse-rdp-worker", "ecluse-encode"}) {
        CAPTURE(program);
        auto const client = rdp.live_desktop();
        rdp.type_to_file("avant");
        REQUIRE(::kill(the_one(rdp, program), SIGKILL) == 0);
        CHECK(gets_dark(rdp));
        CHECK(rdp.leaves(*client));
        rdp.stack().wait_until_sealed(++sessions);
        CHECK(rdp.session_pids("ecluse-encode").empty());
        CHECK(rdp.session_pids("ecluse-rdp-worker").empty());
    }
    rdp.stack().check_evidence();
}

TEST_CASE("an encoder that is stopped ends the session", "[CHM:8.5]")
{
    FullRdp rdp;
    rdp.open_window();
    auto const client = rdp.live_desktop();
    auto const encoder = the_one(rdp, "ecluse-encode");
    REQUIRE(::kill(encoder, SIGSTOP) == 0);
    rdp.desk().type("x");
    CHECK(gets_dark(rdp));
    CHECK(rdp.leaves(*client));
    ::kill(encoder, SIGCONT);
    rdp.stack().wait_until_sealed(1);
    rdp.stack().check_evidence();
}

TEST_CASE("the end or the silence of the recorder ends the RDP session", "[CHM:8.5]")
{
    FullRdp rdp;
    rdp.open_window();
    {
        auto const client = rdp.live_desktop();
        REQUIRE(::kill(rdp.people().recorder_pid(), SIGSTOP) == 0);
        rdp.desk().type("x");
        CHECK(gets_dark(rdp));
        CHECK(rdp.leaves(*client));
        REQUIRE(::kill(rdp.people().recorder_pid(), SIGCONT) == 0);
    }
    rdp.stack().wait_until_sealed(1);
    {
        auto const client = rdp.live_desktop();
        rdp.people().kill_recorder();
        CHECK(gets_dark(rdp));
        CHECK(rdp.leaves(*client));
    }
    rdp.stack().reunite([&] { rdp.people().start_recorder(); });
    rdp.stack().wait_until_sealed(2);
    rdp.stack().check_evidence();
}

TEST_CASE("kill -9 of policyd ends the RDP sessions, and after its return everything is sealed")
{
    FullRdp rdp;
    rdp.open_window();
    auto const client = rdp.live_desktop();
    rdp.people().kill_policyd();
    CHECK(gets_dark(rdp));
    CHECK(rdp.leaves(*client));
    rdp.stop_listener();
    rdp.stack().reunite([&] { rdp.people().restart_policyd(); });
    rdp.start_listener();
    rdp.stack().wait_until_sealed(1);
    CHECK(rdp.stack().end_reasons() == std::vector<std::string>{"policyd_lost"});
    {
        auto const again = rdp.live_desktop();
        rdp.type_to_file("encore");
        again->signal(SIGTERM);
        CHECK(rdp.leaves(*again));
    }
    rdp.stack().wait_until_sealed(2);
    rdp.stack().check_evidence();
}

TEST_CASE("a disk that fills ends the RDP session, and nothing that was kept is lost", "[CHM:8.5]")
{
    FullRdp rdp;
    auto& people = rdp.people();
    auto const disk = rdp.path("recordings");
    people.kill_recorder();
    std::filesystem::remove_all(disk);
    std::filesystem::create_directories(disk);
    if (::mount("ecluse-test", disk.c_str(), "tmpfs", 0, "size=3m,mode=0700") != 0)
        SKIP("mounting a small file system needs privileges");
    struct Unmount {
        std::string path;
        ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
    } const unmount{disk};
    rdp.stack().reunite([&] {
        people.start_recorder(
            {"--warn-bytes",
             "0",
             "--refuse-bytes",
             "0",
             "--end-bytes",
             "0",
             "--reserve-bytes",
             "1048576"}
        );
    });
    rdp.open_window();
    auto const client = rdp.live_desktop();
    rdp.desk().click(300, 300);
    // Noise does not compress.
    rdp.desk().type("while :; do head -c 3000 /dev/urandom | base64; done");
    rdp.desk().key("Return");
    CHECK(rdp.leaves(*client, 120s));
    INFO(rdp.logs());
    rdp.stack().wait_until_sealed(1);
    rdp.stack().check_evidence();
}

TEST_CASE(
    "a client that vanishes ends its RDP session, and two desks of one person do not disturb "
    "each other",
    "[CHM:8.5]"
)
{
    FullRdp rdp;
    rdp.open_window();
    auto const victim = rdp.live_desktop();
    RdpDesk other{rdp.path("desk2")};
    auto words = rdp.words(rdp.ticket("autre"));
    words[1] = "/v:127.0.0.1:" + other.leaving_from("127.0.0.2", rdp.port());
    auto const second = other.connect(words);
    INFO(rdp.logs());
    REQUIRE(other.desktop_comes(60s));
    CHECK(rdp.session_pids("ecluse-rdp-worker").size() == 2);
    victim->signal(SIGKILL);
    CHECK(rdp.leaves(*victim));
    // The one worker goes, the other stays.
    auto const until = Clock::now() + 20s;
    while (rdp.session_pids("ecluse-rdp-worker").size() == 2 && Clock::now() < until)
        ::poll(nullptr, 0, 20);
    CHECK(rdp.session_pids("ecluse-rdp-worker").size() == 1);
    other.click(300, 300);
    other.type("echo toujours >la.txt");
    other.key("Return");
    CHECK(rdp.target().wait_for_file("desk1", "la.txt", "toujours"));
    second->signal(SIGTERM);
    CHECK(rdp.leaves(*second));
    rdp.stack().wait_until_sealed(2);
    rdp.stack().check_evidence();
}

TEST_CASE(
    "a target with another certificate, or none there at all, is not connected to", "[CHM:8.5]"
)
{
    FullRdp rdp;
    rdp.open_window();
    rdp.target().change_certificate();
    auto const changed = rdp.desk().connect(rdp.words(rdp.ticket("autre")));
    CHECK_FALSE(rdp.desk().desktop_comes(15s));
    // The refusal stays on the screen until it is read.
    rdp.desk().key("Return");
    CHECK(rdp.leaves(*changed));
    rdp.target().stop();
    auto const absent = rdp.desk().connect(rdp.words(rdp.ticket("absente")));
    CHECK_FALSE(rdp.desk().desktop_comes(10s));
    rdp.desk().key("Return");
    CHECK(rdp.leaves(*absent));
    std::string codes;
    for (auto const& event : rdp.stack().events("access.denied"))
        codes += boost::json::serialize(event);
    INFO(codes << rdp.logs());
    CHECK(codes.find("E-CIB-03") != std::string::npos);
    CHECK(codes.find("E-CIB-02") != std::string::npos);
    rdp.stack().check_evidence();
}
