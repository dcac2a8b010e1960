#include "common/time.h"
#include "policies/core/audit_rules.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace ecluse;
using namespace std::chrono;

namespace {

std::vector<std::string> const sessions{"S-A", "S-B", "S-C", "S-D", "S-E"};

std::string seed(char digit)
{
    return std::string(2 * audit_seed_bytes, digit);
}

} // namespace

TEST_CASE("a population is one text, whatever the order it was read in", "[HDS:EXI-19]")
{
    CHECK(population_text({"S-B", "S-A"}) == "S-A\nS-B\n");
    CHECK(population_text({}).empty());
}

TEST_CASE("the seed alone says which sessions are drawn, and in what order", "[HDS:EXI-19]")
{
    // printf '%s:%s' 000…0 S-A | sha256sum, and so on, sorted.
    std::vector<std::string> const expected{"S-C", "S-A", "S-B", "S-E", "S-D"};
    CHECK(draw_sessions(seed('0'), sessions, 5) == expected);
    auto backwards = sessions;
    std::reverse(backwards.begin(), backwards.end());
    CHECK(draw_sessions(seed('0'), backwards, 5) == expected);
    CHECK(
        draw_sessions(seed('0'), sessions, 2) ==
        std::vector<std::string>(expected.begin(), expected.begin() + 2)
    );
    CHECK(draw_sessions(seed('1'), sessions, 5) != expected);
    CHECK(draw_sessions(seed('0'), sessions, 0).empty());
    CHECK(draw_sessions(seed('0'), sessions, 99).size() == 5);
    CHECK(draw_sessions(seed('0'), {}, 3).empty());
}

TEST_CASE("a share of the sessions is rounded up, so that it is never none", "[HDS:EXI-19]")
{
    CHECK(share_of(100, 10) == 10);
    CHECK(share_of(101, 10) == 11);
    CHECK(share_of(1, 1) == 1);
    CHECK(share_of(7, 100) == 7);
    CHECK(share_of(0, 50) == 0);
}

TEST_CASE(
    "an audit is due so many months after the last one, or after the first session", "[HDS:EXI-19]"
)
{
    auto const at = [](year_month_day date) { return UtcTime{sys_days{date}} + 8h; };
    CHECK(next_audit(std::nullopt, std::nullopt, months{3}) == std::nullopt);
    CHECK(next_audit(std::nullopt, at(2026y / 1 / 31), months{3}) == at(2026y / 4 / 30));
    CHECK(next_audit(at(2026y / 5 / 2), at(2026y / 1 / 31), months{3}) == at(2026y / 8 / 2));
}
