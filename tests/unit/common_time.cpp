#include "common/time.h"
#include "tests/support/must.h"

using namespace ecluse;
using namespace std::chrono;

TEST_CASE("an instant is written one way and read back")
{
    UtcTime const at = sys_days{2026y / November / 21} + 8h + 5min;
    CHECK(to_iso(at) == "2026-11-21T08:05:00Z");
    CHECK(to_iso(UtcMillis{at} + 7ms) == "2026-11-21T08:05:00.007Z");
    CHECK(must(parse_iso("2026-11-21T08:05:00Z")) == at);
    CHECK(must(parse_iso("2028-02-29T23:59:59Z")) > at);
}

TEST_CASE("an instant that no clock shows is refused")
{
    for (auto const* text :
         {"",
          "2026-11-21",
          "2026-02-29T00:00:00Z",
          "2026-11-21T24:00:00Z",
          "2026-11-21T08:60:00Z",
          "2026-11-21T08:05:00+",
          "2026-11-21 08:05:00Z",
          "1969-12-31T23:59:59Z",
          "2026-11-21T08:05:00Zx"})
        CHECK_FALSE(parse_iso(text));
}
