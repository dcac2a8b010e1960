#include "common/time.h"
#include "policies/core/review_rules.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse;
using namespace std::chrono;

namespace {

UtcTime morning(year_month_day date)
{
    return UtcTime{sys_days{date}} + 8h;
}

} // namespace

TEST_CASE("an unused account is announced two weeks before its term, then suspended", "[WEB:GA4]")
{
    ReviewPolicy const policy;
    auto const used = morning(2026y / 1 / 1);
    AccountUse use{used, std::nullopt};
    CHECK(dormancy(use, policy, used + days{76} - 1s) == Dormancy::used);
    CHECK(dormancy(use, policy, used + days{76}) == Dormancy::to_announce);
    use.announced = used + days{76};
    CHECK(dormancy(use, policy, used + days{90} - 1s) == Dormancy::announced);
    CHECK(dormancy(use, policy, used + days{90}) == Dormancy::to_suspend);
    CHECK(suspended_from(use, policy) == used + days{90});
}

TEST_CASE("an announcement always leaves two weeks, and the next use ends it", "[WEB:GA4]")
{
    ReviewPolicy const policy;
    auto const used = morning(2026y / 1 / 1);
    // The gateway was off for a year: announced late, suspended two weeks after.
    AccountUse use{used, used + days{365}};
    CHECK(dormancy(use, policy, used + days{379} - 1s) == Dormancy::announced);
    CHECK(dormancy(use, policy, used + days{379}) == Dormancy::to_suspend);
    use.last_used = used + days{370};
    CHECK(dormancy(use, policy, used + days{379}) == Dormancy::used);
    CHECK(dormancy(use, policy, used + days{370 + 76}) == Dormancy::to_announce);
}

TEST_CASE("accounts are reviewed every six calendar months", "[CHM:2.6]")
{
    ReviewPolicy const policy;
    CHECK(next_review(morning(2026y / 3 / 15), policy) == morning(2026y / 9 / 15));
    CHECK(next_review(morning(2026y / 8 / 31), policy) == morning(2027y / 2 / 28));
    CHECK(next_review(morning(2026y / 11 / 28), {.every = months{1}}) == morning(2026y / 12 / 28));
}
