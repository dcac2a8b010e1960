#include "tests/support/full_rdp.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <filesystem>

using namespace ecluse;
using namespace ecluse::test;

namespace {

std::string slurp(std::string const& path)
{
    return must(read_file(path, 1024 * 1024));
}

/// A ticket that is not accepted leads to the gateway's own login, like no ticket: nothing says
/// why.
void is_asked_who(FullRdp& rdp, std::vector<std::string> const& words)
{
    auto const client = rdp.desk().connect(words);
    INFO(rdp.logs());
    CHECK(rdp.desk().wait_until_seen(
        [](Picture const& now) { return now.colours() > 3 && !RdpTarget::desktop_shown(now); }, 60s
    ));
    // Nobody answers, and the target does not come.
    CHECK_FALSE(rdp.desk().desktop_comes(3s));
    client->signal(SIGTERM);
    CHECK(rdp.leaves(*client));
}

void declare(FullRdp& rdp, std::string const& address)
{
    auto const declared = rdp.people().as(
        "o.haddad", {"source", "declare", address + "/32", "--kind", "vpn", "--reason", "autre"}
    );
    INFO(declared.out << declared.err);
    REQUIRE(declared.exit == 0);
    REQUIRE(rdp.people().as("c.leroy", {"source", "approve", declared.field("source")}).exit == 0);
}

} // namespace

TEST_CASE("a ticket opens once, from its address, and only as it was written")
{
    FullRdp rdp;
    declare(rdp, "127.0.0.4");
    rdp.open_window();

    // Used, left, used again; first, because an address that errs has to wait.
    auto const file = rdp.ticket("deux-fois");
    {
        auto const client = rdp.desk().connect(rdp.words(file));
        INFO(rdp.logs());
        REQUIRE(rdp.desk().desktop_comes(60s));
        client->signal(SIGTERM);
        REQUIRE(rdp.leaves(*client));
    }
    is_asked_who(rdp, rdp.words(file));

    // From another declared address, and then no longer from its own.
    auto const elsewhere = rdp.ticket("ailleurs");
    is_asked_who(rdp, rdp.words(elsewhere, "127.0.0.4"));
    is_asked_who(rdp, rdp.words(elsewhere));

    // From an address that nobody declared: not a byte.
    auto const undeclared = rdp.ask_ticket(rdp.path("x.rdp"), "127.0.0.3");
    CHECK(undeclared.exit != 0);
    auto const unused = rdp.ticket("inutile");
    {
        auto const client = rdp.desk().connect(rdp.words(unused, "127.0.0.3"));
        auto const left = client->finish(20s);
        CHECK_FALSE(left.timed_out);
        CHECK(left.status != 0);
        CHECK(rdp.session_pids("ecluse-rdp-worker").empty());
    }

    // The public half right, the secret guessed.
    auto text = slurp(unused);
    auto const at = text.find("username:s:");
    REQUIRE(at != std::string::npos);
    text.replace(at + 11 + 16, 32, std::string(32, '2'));
    rdp.people().write("devine.rdp", text);
    is_asked_who(rdp, rdp.words(rdp.path("devine.rdp")));

    rdp.stack().wait_until_sealed(1);
    CHECK(rdp.stack().events("ticket.refused").size() >= 3);
    rdp.stack().check_evidence();
}

TEST_CASE("a ticket dies with its seconds and with its window")
{
    FullRdp rdp;
    std::filesystem::create_directories(rdp.path("etc/ecluse.toml.d"));
    rdp.people().write("etc/ecluse.toml.d/ticket.toml", "[rdp]\nticket_s = 10\n");
    rdp.stack().reunite([&] { rdp.people().restart_policyd(); });
    rdp.stop_listener();
    rdp.start_listener();
    rdp.open_window();
    auto const old = rdp.ticket("vieux");
    auto const asked = std::chrono::steady_clock::now();
    // The ticket's own life is the event here.
    while (std::chrono::steady_clock::now() < asked + 11s)
        CHECK_FALSE(RdpTarget::desktop_shown(rdp.desk().look()));
    is_asked_who(rdp, rdp.words(old));

    auto const last = rdp.ticket("dernier");
    rdp.people().move_clock("+11m");
    is_asked_who(rdp, rdp.words(last));
    CHECK(rdp.ask_ticket(rdp.path("x.rdp")).code() == "E-FEN-03");
    rdp.people().move_clock("+0s");
    CHECK(rdp.stack().sessions().empty());
    rdp.stack().check_evidence();
}

TEST_CASE("no ticket without a window, nor without the right to the desktop")
{
    FullRdp rdp;
    CHECK(rdp.ask_ticket(rdp.path("x.rdp")).code() == "E-FEN-01");
    rdp.open_window(10min, "clipboard_in");
    auto const refused = rdp.ask_ticket(rdp.path("x.rdp"));
    INFO(refused.out << refused.err);
    CHECK(refused.exit != 0);
    CHECK(refused.code() == "E-FON-01");
}
