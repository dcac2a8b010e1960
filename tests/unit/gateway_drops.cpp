#include "gateway/listen/drops.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse;
using namespace ecluse::listen;
using namespace std::chrono_literals;

TEST_CASE("drops are told at once, then once per period with their count")
{
    Drops drops;
    Deadline const now{1h};
    UtcTime const at{1000s};
    auto const address = must(SourceAddress::parse("203.0.113.9"));
    CHECK(drops.next_due() == Deadline::max());
    drops.add(address, DropReason::undeclared, now, at);
    auto first = drops.take_due(now);
    REQUIRE(first.size() == 1);
    CHECK(first[0].count == 1);
    for (int i = 1; i <= 50; ++i)
        drops.add(address, DropReason::undeclared, now + 1s, at + 1s);
    CHECK(drops.take_due(now + 9s).empty());
    auto const later = drops.take_due(now + Drops::period);
    REQUIRE(later.size() == 1);
    CHECK(later[0].count == 50);
    CHECK(later[0].since == at + 1s);
    CHECK(drops.take_due(now + 2 * Drops::period).empty());
    // A quiet period forgets the address.
    CHECK(drops.next_due() == Deadline::max());
}

TEST_CASE("a flood of addresses does not grow the table")
{
    Drops drops;
    for (int i = 0; i < 5000; ++i) {
        auto const text = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
        drops.add(must(SourceAddress::parse(text)), DropReason::undeclared, Deadline{}, UtcTime{});
    }
    CHECK(drops.take_due(Deadline{}).size() == Drops::addresses_max);
    CHECK(drops.take_forgotten() == 5000 - Drops::addresses_max);
    CHECK(drops.take_forgotten() == 0);
}
