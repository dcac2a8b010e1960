#include "common/text.h"
#include "policies/ctl/arguments.h"
#include "policies/ctl/command.h"
#include "policies/ctl/moment.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <set>

using namespace ecluse;
using namespace ecluse::ctl;
using namespace std::chrono_literals;

TEST_CASE("every command, option and column has its words, and an example that parses")
{
    std::set<std::string> seen;
    for (auto const& command : commands()) {
        CAPTURE(command.words());
        CHECK(seen.insert(command.words()).second);
        CHECK(find_text(command.key() + ".purpose"));
        CHECK_FALSE(command.example.empty());
        CHECK(command.example.substr(0, command.words().size()) == command.words());
        CHECK((command.run || !command.request.empty()));
        for (auto const& option : command.options) {
            CAPTURE(option.name);
            CHECK(find_text("ctl.option." + option.field()));
        }
        for (auto const column : command.columns) {
            CAPTURE(column);
            CHECK(find_text("ctl.column." + std::string{column}));
        }
    }
}

TEST_CASE("arguments are read as typed, and what is missing or unknown is said")
{
    Globals globals;
    auto const parse = [&](std::vector<std::string> const& words) {
        return parse_arguments(words, globals);
    };
    auto const read = parse({"--json", "window", "refuse", "W-1", "--reason=non"});
    REQUIRE(std::holds_alternative<Typed>(read));
    CHECK(std::get<Typed>(read).values.at("window").front() == "W-1");
    CHECK(std::get<Typed>(read).values.at("reason").front() == "non");
    CHECK(globals.json);
    CHECK(std::holds_alternative<Misuse>(parse({"window", "refuse", "W-1"})));
    CHECK(std::holds_alternative<Misuse>(parse({"window", "refuse", "W-1", "W-2", "--reason", "x"}))
    );
    CHECK(std::holds_alternative<Misuse>(parse({"window", "refuse", "W-1", "--raison", "x"})));
    CHECK(std::holds_alternative<Misuse>(parse({"window"})));
    CHECK(std::holds_alternative<Misuse>(parse({"login", "a", "--password", "secret"})));
}

TEST_CASE("moments are hours of Paris, or delays")
{
    auto const now = must(parse_iso("2026-11-21T08:00:00Z"));
    CHECK(must(parse_moment("now", now)) == now);
    CHECK(must(parse_moment("+30m", now)) == now + 30min);
    CHECK(must(parse_moment("+45s", now)) == now + 45s);
    CHECK(must(parse_moment("2026-11-21 10:00", now)) == now + 1h);
    CHECK(must(parse_moment("2026-07-01 10:00", now)) == must(parse_iso("2026-07-01T08:00:00Z")));
    for (auto const* bad : {"", "+", "+m", "+-5m", "+9999999999h", "2026-03-29 02:30", "demain"})
        CHECK_FALSE(parse_moment(bad, now));
    CHECK(must(parse_day("2026-12-31")) == must(parse_iso("2026-12-30T23:00:00Z")));
    CHECK_FALSE(parse_day("2026-02-30"));
}
