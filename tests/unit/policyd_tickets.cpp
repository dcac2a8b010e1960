#include "policies/policyd/tickets.h"

#include <catch2/catch_test_macros.hpp>

#include <set>

using namespace ecluse;
using namespace ecluse::policyd;
using namespace std::chrono_literals;

namespace {

constexpr Deadline minted{1000s};

TicketUse use_of(std::string person = "P-1")
{
    return {std::move(person), "203.0.113.24", "W-1", "T-1", "maint", "password+totp", {}};
}

std::string mint(Tickets& tickets, std::string const& person = "P-1")
{
    auto const ticket = tickets.mint(use_of(person), minted, minted + 60s);
    REQUIRE(ticket);
    return std::string{ticket->reveal()};
}

/// The refusal's code, or "".
std::string refusal(Tickets& tickets, std::string_view ticket, std::string_view from, Deadline now)
{
    auto const answer = tickets.redeem(ticket, from, now);
    auto const* const why = std::get_if<TicketRefusal>(&answer);
    return why ? std::string{to_code(*why)} : std::string{};
}

} // namespace

TEST_CASE("a ticket is 48 letters of which 160 bits are secret, and no two are alike")
{
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        Tickets tickets;
        auto const ticket = mint(tickets);
        CHECK(ticket.size() == 48);
        CHECK(ticket.find_first_not_of("23456789ABCDEFGHJKLMNPQRSTUVWXYZ") == std::string::npos);
        CHECK(Tickets::public_part(ticket) == ticket.substr(0, 16));
        CHECK(seen.insert(ticket).second);
    }
}

TEST_CASE("a ticket opens until its last instant, and once", "[CLAUSIER:O-5.4]")
{
    Tickets tickets;
    auto const first = mint(tickets);
    auto const answer = tickets.redeem(first, "203.0.113.24", minted + 60s - 1ms);
    auto const* const use = std::get_if<TicketUse>(&answer);
    REQUIRE(use);
    CHECK(use->window == "W-1");
    CHECK(use->account == "maint");
    CHECK(use->factors == "password+totp");
    CHECK(refusal(tickets, first, "203.0.113.24", minted) == "unknown");
    auto const second = mint(tickets);
    CHECK(refusal(tickets, second, "203.0.113.24", minted + 60s) == "expired");
}

TEST_CASE("whatever the outcome, a ticket is used up")
{
    Tickets tickets;
    auto const ticket = mint(tickets);
    auto wrong = ticket;
    wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
    CHECK(refusal(tickets, wrong, "203.0.113.24", minted) == "wrong_secret");
    CHECK(refusal(tickets, ticket, "203.0.113.24", minted) == "unknown");
    auto const other = mint(tickets);
    CHECK(refusal(tickets, other, "203.0.113.25", minted) == "wrong_address");
    CHECK(refusal(tickets, other, "203.0.113.24", minted) == "unknown");
    CHECK(tickets.count() == 0);
}

TEST_CASE("a browser's ticket is of no use to another login, nor at a door without one")
{
    Tickets tickets;
    auto use = use_of();
    use.login_sha256 = "aa";
    for (auto const* const presented : {"bb", "", "aa"}) {
        auto const ticket = tickets.mint(use, minted, minted + 60s);
        REQUIRE(ticket);
        auto const answer = tickets.redeem(ticket->reveal(), use.address, minted, presented);
        auto const* const why = std::get_if<TicketRefusal>(&answer);
        CHECK((why ? to_code(*why) : "") == (use.login_sha256 == presented ? "" : "wrong_login"));
    }
}

TEST_CASE("what has not a ticket's shape is unknown, and is not written down")
{
    Tickets tickets;
    auto const ticket = mint(tickets);
    auto lower = ticket;
    lower[3] = 'a';
    for (auto const& text :
         {std::string{}, ticket.substr(0, 47), ticket + "A", lower, std::string(48, '\0')}) {
        CHECK(refusal(tickets, text, "203.0.113.24", minted) == "unknown");
        CHECK(Tickets::public_part(text).empty());
    }
    CHECK(refusal(tickets, ticket, "203.0.113.24", minted).empty());
}

TEST_CASE("a person has a few tickets alive; used and ended ones make room")
{
    Tickets tickets;
    auto const first = mint(tickets);
    (void)mint(tickets);
    (void)mint(tickets);
    CHECK_FALSE(tickets.mint(use_of(), minted, minted + 60s));
    (void)mint(tickets, "P-2");
    (void)tickets.redeem(first, "203.0.113.24", minted);
    CHECK(tickets.mint(use_of(), minted, minted + 60s));
    CHECK_FALSE(tickets.mint(use_of(), minted + 60s - 1ms, minted + 90s));
    CHECK(tickets.mint(use_of(), minted + 60s, minted + 90s));
}

TEST_CASE("the memory of tickets has an end")
{
    Tickets tickets;
    for (std::size_t i = 0; i < Tickets::alive_max; ++i)
        REQUIRE(tickets.mint(use_of("P-" + std::to_string(i)), minted, minted + 60s));
    CHECK_FALSE(tickets.mint(use_of("P-x"), minted, minted + 60s));
    CHECK(tickets.mint(use_of("P-x"), minted + 60s, minted + 90s));
}
