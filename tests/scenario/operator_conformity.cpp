#include "common/fd.h"
#include "tests/support/must.h"
#include "tests/support/operator_rig.h"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>
#include <set>

using namespace ecluse;
using namespace ecluse::test;

namespace {

/// The row of this clause in what `conformity show` answers.
json::object row_of(Ran const& shown, std::string_view clause)
{
    auto const answer = shown.json();
    for (auto const& row : answer.at("rows").as_array())
        if (row.as_object().at("clause").as_string() == clause) return row.as_object();
    FAIL("no clause " << clause);
    return {};
}

bool shell(std::string const& command)
{
    return std::system(command.c_str()) == 0;
}

} // namespace

TEST_CASE("the answer sheet names each clause once, by the settings in force, in CSV and in PDF")
{
    OperatorRig rig;
    rig.people();
    auto const shown = rig.as("c.leroy", {"conformity", "show"});
    INFO(shown.out << shown.err);
    REQUIRE(shown.exit == 0);
    std::set<std::string> ids;
    auto const answer = shown.json();
    for (auto const& row : answer.at("rows").as_array())
        ids.insert(std::string{row.as_object().at("clause").as_string()});
    CHECK(ids.size() == 148);
    CHECK(answer.at("rows").as_array().size() == 148);
    CHECK(row_of(shown, "CHM:8.19").at("state").as_string() == "answered");

    auto const csv = rig.root() + "/sheet.csv";
    auto const written =
        rig.as("r.amrani", {"conformity", "export", "--format", "csv", "--output", csv});
    INFO(written.out << written.err);
    REQUIRE(written.exit == 0);
    // As a spreadsheet reads it, by somebody else's reader.
    CHECK(shell(
        "python3 -c 'import csv, sys\n"
        "rows = list(csv.reader(open(sys.argv[1], encoding=\"utf-8-sig\", newline=\"\"), "
        "delimiter=\";\"))\n"
        "assert len(rows) == 149 and {len(row) for row in rows} == {7}\n"
        "assert len({row[0] for row in rows[1:]}) == 148\n"
        "assert {row[2] for row in rows[1:]} == {\"répondu\", \"partiel\", \"à venir\"}\n"
        "assert not any(cell[:1] in tuple(\"=+-@\") for row in rows for cell in row if cell)' " +
        csv
    ));

    auto const pdf = rig.root() + "/sheet.pdf";
    auto const drawn =
        rig.as("c.leroy", {"conformity", "export", "--format", "pdf", "--output", pdf});
    INFO(drawn.out << drawn.err);
    REQUIRE(drawn.exit == 0);
    CHECK(shell("qpdf --check " + pdf + " > " + rig.root() + "/qpdf"));
    REQUIRE(shell("pdftotext " + pdf + " " + rig.root() + "/text"));
    auto const text = must(read_file(rig.root() + "/text", 4 * 1024 * 1024));
    for (auto const& id : ids) {
        CAPTURE(id);
        CHECK(text.find(id.substr(0, 11)) != std::string::npos);
    }
    if (char const* const folder = std::getenv("ECLUSE_REPORT_KEEP"))
        std::filesystem::copy_file(
            pdf,
            std::string{folder} + "/conformity.pdf",
            std::filesystem::copy_options::overwrite_existing
        );

    auto const seen = rig.as("r.amrani", {"journal", "show", "--type", "conformity.exported"});
    CHECK(seen.json().at("rows").as_array().size() == 2);

    // A vendor's people have no business with it.
    for (auto const* const login : {"n.belkacem", "o.haddad"}) {
        CHECK(rig.as(login, {"conformity", "show"}).code() == "E-DRT-01");
        CHECK(
            rig.as(login, {"conformity", "export", "--format", "csv", "--output", csv}).code() ==
            "E-DRT-01"
        );
    }

    std::filesystem::create_directories(rig.root() + "/etc/ecluse.toml.d");
    rig.write("etc/ecluse.toml.d/90.toml", "[report]\nblocking = \"never\"\n");
    rig.restart_policyd();
    rig.login("c.leroy");
    auto const later = row_of(rig.as("c.leroy", {"conformity", "show"}), "CHM:8.19");
    CHECK(later.at("state").as_string() == "partial");
    CHECK(later.at("weakened").as_bool());
}
