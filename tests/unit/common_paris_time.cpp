#include "common/paris_time.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace ecluse;
using namespace std::chrono_literals;

namespace {

UtcTime utc(char const* text)
{
    return must(parse_iso(text));
}

} // namespace

TEST_CASE("Paris changes its clocks at 01:00 UTC, to the second")
{
    struct Row {
        char const* utc;
        char const* paris;
    };
    for (auto const& row :
         {Row{"2026-03-29T00:59:59Z", "2026-03-29 01:59 CET"},
          Row{"2026-03-29T01:00:00Z", "2026-03-29 03:00 CEST"},
          Row{"2026-10-25T00:59:59Z", "2026-10-25 02:59 CEST"},
          Row{"2026-10-25T01:00:00Z", "2026-10-25 02:00 CET"},
          Row{"2027-03-28T01:00:00Z", "2027-03-28 03:00 CEST"},
          Row{"2027-10-31T01:00:00Z", "2027-10-31 02:00 CET"},
          Row{"2026-12-31T22:59:00Z", "2026-12-31 23:59 CET"},
          Row{"2026-12-31T23:00:00Z", "2027-01-01 00:00 CET"},
          Row{"2026-07-14T22:00:00Z", "2026-07-15 00:00 CEST"}}) {
        CAPTURE(row.utc);
        CHECK(to_paris_text(utc(row.utc)) == row.paris);
    }
}

TEST_CASE("the hour that does not exist in March is refused")
{
    CHECK(must(parse_paris("2026-03-29 01:59")) == utc("2026-03-29T00:59:00Z"));
    CHECK_FALSE(parse_paris("2026-03-29 02:00"));
    CHECK_FALSE(parse_paris("2026-03-29 02:59"));
    CHECK_FALSE(parse_paris("2026-03-29 02:30 CET"));
    CHECK_FALSE(parse_paris("2026-03-29 02:30 CEST"));
    CHECK(must(parse_paris("2026-03-29 03:00")) == utc("2026-03-29T01:00:00Z"));

    auto const local = std::chrono::local_days{std::chrono::year{2026} / 3 / 29} + 2h + 30min;
    auto const jump = utc("2026-03-29T01:00:00Z");
    CHECK(std::get<ParisGap>(from_paris(local)) == ParisGap{jump});
    CHECK(first_instant(local) == jump);
    CHECK(last_instant(local) == jump);
}

TEST_CASE("the hour that exists twice in October must be named")
{
    CHECK(must(parse_paris("2026-10-25 01:59")) == utc("2026-10-24T23:59:00Z"));
    CHECK_FALSE(parse_paris("2026-10-25 02:00"));
    CHECK_FALSE(parse_paris("2026-10-25 02:59"));
    CHECK(must(parse_paris("2026-10-25 02:30 CEST")) == utc("2026-10-25T00:30:00Z"));
    CHECK(must(parse_paris("2026-10-25 02:30 CET")) == utc("2026-10-25T01:30:00Z"));
    CHECK(must(parse_paris("2026-10-25 03:00")) == utc("2026-10-25T02:00:00Z"));

    auto const local = std::chrono::local_days{std::chrono::year{2026} / 10 / 25} + 2h;
    ParisTwice const both{utc("2026-10-25T00:00:00Z"), utc("2026-10-25T01:00:00Z")};
    CHECK(std::get<ParisTwice>(from_paris(local)) == both);
    CHECK(first_instant(local) == both.cest);
    CHECK(last_instant(local) == both.cet);
}

TEST_CASE("every hour of a year comes back from its Paris text")
{
    for (auto at = utc("2026-01-01T00:00:00Z"); at < utc("2027-01-01T00:00:00Z"); at += 30min)
        REQUIRE(must(parse_paris(to_paris_text(at))) == at);
}

TEST_CASE("a zone that contradicts the date, and anything malformed, is refused")
{
    for (auto const* text :
         {"",
          "2026-11-21",
          "2026-11-21 8:00",
          "2026-11-21T08:00",
          "2026-11-21 24:00",
          "2026-11-21 08:60",
          "2026-02-29 08:00",
          "2026-13-01 08:00",
          "1995-11-21 08:00",
          "2026-11-21 08:00 CEST",
          "2026-07-14 08:00 CET",
          "2026-07-14 08:00 UTC",
          "2026-07-14 08:00CEST",
          "2026-07-14 08:00 ",
          "21/11/2026 08:00"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_paris(text));
    }
    CHECK(must(parse_paris("2026-11-21 08:00 CET")) == utc("2026-11-21T07:00:00Z"));
    CHECK(must(parse_paris("2028-02-29 08:00")) == utc("2028-02-29T07:00:00Z"));
}

TEST_CASE("people read the hospital's time with its zone")
{
    auto const at = utc("2026-11-21T07:05:00Z");
    CHECK(format_moment(at, Language::french) == "21/11/2026 08:05 CET");
    CHECK(format_moment(at, Language::english) == "2026-11-21 08:05 CET");
    CHECK(format_day(at, Language::french) == "21/11/2026");
    CHECK(format_clock(at) == "08:05");
}
