#include "policies/config/config.h"
#include "policies/conformity/sheet.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <set>

using namespace ecluse;
using namespace ecluse::conformity;

namespace {

Config configured(std::string const& text)
{
    return must(parse_config({{"site", "[site]\nphone = \"01\"\n"}, {"ecluse.toml", text}}));
}

std::set<std::string> weakened(Config const& config)
{
    std::set<std::string> ids;
    for (auto const& line : must(answer_sheet(config)))
        if (line.is_weakened()) ids.insert(line.clause.id);
    return ids;
}

constexpr char const* headings = "id\tstate\ttitle\tanswer\tsettings\tpage\n";

} // namespace

TEST_CASE("each of the 148 clauses has its answer, settings that exist, and proofs when answered")
{
    auto const sheet = must(answer_sheet(Config{}));
    CHECK(sheet.size() == 148);
    std::set<std::string> ids;
    for (auto const& line : sheet) {
        CAPTURE(line.clause.id);
        CHECK(ids.insert(line.clause.id).second);
        CHECK((line.state != State::answered || !line.proofs.empty()));
    }
}

TEST_CASE("the product's own settings weaken nothing, once the site has a telephone")
{
    CHECK(weakened(configured("")).empty());
    CHECK(weakened(Config{}) == std::set<std::string>{"WEB:DT11"});
}

TEST_CASE("a setting below what a clause asks changes the rows of that clause, and no other")
{
    struct Case {
        std::string text;
        std::set<std::string> clauses;
    };
    auto const one = GENERATE(values<Case>({
        {"[passwords]\nrenew_days = 0\n", {"CLAUSIER:O-5.1", "CHM:5.5", "SEGUR:IAM.92"}},
        {"[passwords]\ncomposition = false\n",
         {"CLAUSIER:O-5.1", "CHM:5.2", "CHM:5.3", "WEB:AA4", "SEGUR:IAM.92"}},
        {"[report]\nblocking = \"never\"\n",
         {"CLAUSIER:O-9.13", "CLAUSIER:O-12.2.5.3", "CHM:8.19"}},
        {"[report]\nblocking = \"until_submitted\"\n", {}},
        {"[portal]\nfrom = \"any\"\n", {"CLAUSIER:O-12.2.5.3", "CHM:8.1"}},
        {"[console]\nallow_public = true\n", {"CLAUSIER:O-5.3", "CHM:5.9", "WEB:GP4"}},
        {"[recording]\nretention_days = 179\n", {"CHM:12.5"}},
        {"[recording]\nretention_days = 180\njournal_days = 549\n", {}},
        {"[ssh]\nciphers = \"aes128-cbc\"\n", {"CLAUSIER:O-8.3", "CHM:7.3", "WEB:GC1"}},
        {"[ssh]\nversion_string = \"Ecluse_0.1\"\n", {"WEB:DT2"}},
        {"[rdp]\nkeyboard_mask_rules = false\n", {"CLAUSIER:O-8.2"}},
        {"[console]\nidle_minutes = 120\n", {}},
    }));
    CAPTURE(one.text);
    CHECK(weakened(configured(one.text)) == one.clauses);
}

TEST_CASE("a weakened answer is partial, says what is asked, and one to come stays so")
{
    auto const sheet = must(answer_sheet(configured("[report]\nblocking = \"never\"\n")));
    auto const line = std::find_if(sheet.begin(), sheet.end(), [](auto const& one) {
        return one.clause.id == "CLAUSIER:O-9.13";
    });
    REQUIRE(line != sheet.end());
    CHECK(line->clause.state == State::answered);
    CHECK(line->state == State::partial);
    REQUIRE(line->settings.size() == 1);
    CHECK(line->settings[0].value == "never");
    CHECK(line->settings[0].asked == "autre que never");

    auto const clauses =
        must(read_clauses(std::string{headings} + "A:1\tcoming\tt\ta\tssh.idle_minutes<=10\t-\n"));
    CHECK(must(answer_sheet(clauses, {}, Config{}))[0].state == State::coming);
}

TEST_CASE("a table of clauses that is not understood is refused")
{
    auto const row = GENERATE(values<std::string>({
        "A:1\tcoming\tt\ta\t-\n",
        "A:1\tlater\tt\ta\t-\tp\n",
        "A:1\tcoming\t\ta\t-\tp\n",
        "A:1\tcoming\tt\ta\tssh.idle_minutes>=many\tp\n",
        "A:1\tcoming\tt\ta\tssh.idle_minutes>=\tp\n",
        "A:1\tcoming\tt\ta\t<=3\tp\n",
    }));
    CAPTURE(row);
    CHECK_FALSE(read_clauses(std::string{headings} + row));
    CHECK_FALSE(read_clauses("id\tstate\n"));
    CHECK_FALSE(read_proofs("A:1\ta.cpp\tx\n"));
    // A setting that does not exist, or a number asked of a word, never passes for kept.
    auto const asked = [](std::string const& settings) {
        return must(read_clauses(headings + ("A:1\tanswered\tt\ta\t" + settings + "\tp\n")));
    };
    CHECK_FALSE(answer_sheet(asked("ssh.colour"), {}, Config{}));
    CHECK(must(answer_sheet(asked("portal.from>=1"), {}, Config{}))[0].is_weakened());
}

TEST_CASE("the sheet opens as a spreadsheet, and none of its cells is a formula")
{
    auto clauses = must(read_clauses(
        std::string{headings} +
        "A:1\tanswered\t=HYPERLINK(\"x\")\t+a;b\treport.blocking!=never\tp\n"
    ));
    auto const config = configured("[report]\nblocking = \"never\"\n");
    auto const csv =
        in_csv(must(answer_sheet(clauses, {{"A:1", "tests/x.cpp", "it holds"}}, config)));
    CHECK(csv.starts_with("\xEF\xBB\xBF\"Exigence\";"));
    CHECK(csv.find("\"'=HYPERLINK(\"\"x\"\")\";\"partiel\";\"'+a;b\"") != std::string::npos);
    CHECK(csv.find("report.blocking = never (la clause demande") != std::string::npos);
    CHECK(csv.ends_with("\"tests/x.cpp: it holds\"\r\n"));
}
