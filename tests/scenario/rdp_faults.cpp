#include "tests/support/rdp_rig.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <csignal>
#include <poll.h>
#include <sys/socket.h>

using namespace ecluse::test;
using namespace std::chrono_literals;

/// What breaks ends its own session, with its reason, and lets nothing in.

namespace {

/// A desktop, a client and an encoder start on machines that are busy with other tests.
constexpr auto start_limit = 60s;

/// Whether the other side closes within `limit`.
bool is_closed(int fd, std::chrono::milliseconds limit)
{
    auto const until = std::chrono::steady_clock::now() + limit;
    char buffer[4096];
    for (;;) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now()
        );
        if (left.count() <= 0) return false;
        pollfd waiting{fd, POLLIN, 0};
        if (::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
        if (::recv(fd, buffer, sizeof buffer, 0) <= 0) return true;
    }
}

} // namespace

TEST_CASE("the encoder's death, or its silence, ends the session", "[rdp][WEB:GP3]")
{
    int const signal = GENERATE(SIGKILL, SIGSTOP);
    CAPTURE(signal);
    RdpRig rig;
    if (signal == SIGSTOP) rig.policy().change([](auto& script) { script.stall_ms = 1500; });
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.desk().desktop_comes(start_limit));
    auto const encoders = rig.processes("ecluse-encode");
    REQUIRE(encoders.size() == 1);
    ::kill(encoders[0], signal);
    if (signal == SIGSTOP) rig.desk().key("a");
    CHECK(rig.ended() == "recorder_stalled");
    CHECK_FALSE(client->finish(5s).timed_out);
    ::kill(encoders[0], SIGKILL);
    CHECK(rig.wait_gone("ecluse-rdp-worker", 5s));
}

TEST_CASE("policyd gone, the session is gone", "[rdp]")
{
    RdpRig rig;
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.desk().desktop_comes(start_limit));
    rig.policy().drop_workers();
    CHECK_FALSE(client->finish(5s).timed_out);
    CHECK(rig.wait_gone("ecluse-rdp-worker", 5s));
    CHECK(rig.wait_gone("ecluse-encode", 5s));
}

TEST_CASE("a client that vanishes is told as such", "[rdp]")
{
    RdpRig rig;
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.desk().desktop_comes(start_limit));
    client->signal(SIGKILL);
    CHECK(rig.ended() == "client_left");
    CHECK(rig.wait_gone("ecluse-encode", 5s));
}

TEST_CASE("a target with another certificate never gets the password", "[rdp]")
{
    RdpRig rig;
    rig.policy().change([](auto& script) { script.target_keys = {std::string(64, 'a')}; });
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.policy().wait_for("target.failed", 1, start_limit));
    CHECK(rig.policy().requests("target.failed")[0].at("code").as_string() == "E-CIB-03");
    CHECK(rig.policy().events("target_connected").empty());
    rig.desk().key("Return");
    CHECK(rig.ended() == "target_failed");
}

TEST_CASE("what is no RDP ends its own worker only", "[rdp]")
{
    RdpRig rig;
    rig.policy().change([](auto& script) { script.auth_timeout_s = 3; });
    struct Row {
        char const* what;
        std::string bytes;
    };
    // A connection request that asks for TLS, as a client sends it.
    std::string const request{
        "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x01\x00"
        "\x00\x00",
        19};
    std::vector<Row> const rows{
        {"silence", {}},
        {"garbage", std::string(4096, '\xa5')},
        {"a truncated X.224 request", request.substr(0, 9)},
        {"an oversized TPKT length", std::string{"\x03\x00\xff\xff\x0e\xe0", 6}},
        {"standard security only", request.substr(0, 11)},
        {"TLS, then garbage", request + std::string(2048, '\x16')},
    };
    std::vector<ecluse::Fd> sockets;
    for (auto const& row : rows) {
        sockets.push_back(rig.knock());
        (void)::send(sockets.back().get(), row.bytes.data(), row.bytes.size(), MSG_NOSIGNAL);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        CAPTURE(rows[i].what);
        CHECK(is_closed(sockets[i].get(), 15s));
    }
    CHECK(rig.wait_gone("ecluse-rdp-worker", 10s));
    CHECK(rig.dials() == 0);
    // The door still opens.
    rig.policy().change([](auto& script) { script.auth_timeout_s = 30; });
    auto const client = rig.connect_with_ticket();
    CHECK(rig.desk().desktop_comes(start_limit));
}

TEST_CASE("a user name beyond measure is no ticket and no harm", "[rdp]")
{
    RdpRig rig;
    // Longer ones do not fit the client's own first packet.
    auto const client = rig.connect(std::string(200, 'A') + "\x1b[31m");
    CHECK(rig.desk().wait_until_seen([](Picture const& picture) {
        return picture.colours() > 3 && !RdpTarget::desktop_shown(picture);
    }));
    CHECK(rig.policy().requests("ticket.redeem").empty());
    CHECK(rig.dials() == 0);
}
