#include "policies/policyd/person_file.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse::policyd;

namespace {

std::string const head = "prénom;nom;identifiant;courriel;rôle\n";

std::vector<PersonLine> people(std::string const& text)
{
    auto read = read_person_file(text);
    if (auto const* const error = std::get_if<PersonFileError>(&read))
        FAIL("fault " << static_cast<int>(error->fault) << " at line " << error->line);
    return std::get<std::vector<PersonLine>>(std::move(read));
}

PersonFileError refused(std::string const& text)
{
    auto read = read_person_file(text);
    REQUIRE(std::holds_alternative<PersonFileError>(read));
    return std::get<PersonFileError>(read);
}

} // namespace

TEST_CASE("a table of people is read as spreadsheets write it", "[person_file]")
{
    SECTION("French: a mark, semicolons, line ends of Windows, an empty last cell")
    {
        auto const lines = people(
            "\xEF\xBB\xBFPrénom;NOM;Identifiant;Courriel;Rôle;Téléphone;Jusqu’au\r\n"
            "Nadia;Belkacem;n.belkacem;n.belkacem@imagelec.example;technician;;31/12/2026\r\n"
            "Élodie;Le Goff;e.legoff;e@imagelec.example;technician;0102030405;\r\n"
        );
        REQUIRE(lines.size() == 2);
        CHECK(lines[0].line == 2);
        CHECK(lines[0].cells.at("login") == "n.belkacem");
        CHECK(lines[0].cells.at("until") == "31/12/2026");
        CHECK_FALSE(lines[0].cells.contains("phone"));
        CHECK(lines[1].cells.at("first_name") == "Élodie");
        CHECK_FALSE(lines[1].wrong_length);
    }
    SECTION("English: commas, quoted cells with separators, quotes and line ends")
    {
        auto const lines = people("first_name,last_name,login,mail,role\n"
                                  "\"Anne, Marie\",\"de \"\"La\"\" Tour\",a.tour,a@b.example,dsi\n"
                                  "\"two\nlines\",x,y.y,z@b.example,dsi\n"
                                  "b,c,b.c,b@c.example,dsi");
        REQUIRE(lines.size() == 3);
        CHECK(lines[0].cells.at("first_name") == "Anne, Marie");
        CHECK(lines[0].cells.at("last_name") == "de \"La\" Tour");
        CHECK(lines[1].cells.at("first_name") == "two\nlines");
        CHECK(lines[2].line == 5);
    }
    SECTION("empty lines are passed over, others keep their number")
    {
        auto const lines = people(head + "\n;;;;\na;b;c.d;e@f.example;dsi\n\n");
        REQUIRE(lines.size() == 1);
        CHECK(lines[0].line == 4);
    }
    SECTION("a line of another length is told, not guessed")
    {
        auto const lines = people(head + "a;b;c.d;e@f.example\na;b;c.d;e@f.example;dsi;more\n");
        CHECK(lines[0].wrong_length);
        CHECK(lines[1].wrong_length);
    }
}

TEST_CASE("a file that is no table of people is refused whole", "[person_file]")
{
    CHECK(refused("").fault == PersonFileFault::empty);
    CHECK(refused(head).fault == PersonFileFault::empty);
    CHECK(refused(head + "caf\xE9;b;c;d;e\n").fault == PersonFileFault::not_text);
    CHECK(refused(head + std::string{"a\0;b;c;d;e\n", 11}).fault == PersonFileFault::not_text);
    CHECK(refused(head + "a;b;c\x1B[2J;d;e\n").fault == PersonFileFault::not_text);
    CHECK(refused(head + "a;b;c;d;e\n\"a;b;c;d;e\n").fault == PersonFileFault::open_quote);
    CHECK(refused(head + "\"a\"b;b;c;d;e\n").fault == PersonFileFault::open_quote);
    auto const unknown = refused("prénom;nom;identifiant;courriel;rôle;salaire\na;b;c;d;e;f\n");
    CHECK(unknown.fault == PersonFileFault::unknown_column);
    CHECK(unknown.what == "salaire");
    CHECK(refused("nom;Nom;identifiant;courriel;rôle\n").fault == PersonFileFault::twice);
    auto const missing = refused("prénom;nom;identifiant;courriel\na;b;c;d\n");
    CHECK(missing.fault == PersonFileFault::missing_column);
    CHECK(missing.what == "role");
    std::string many = head;
    for (std::size_t i = 0; i < person_file_lines_max; ++i)
        many += "a;b;c.d;e@f.example;dsi\n";
    CHECK(people(many).size() == person_file_lines_max);
    CHECK(refused(many + "a;b;c.d;e@f.example;dsi\n").fault == PersonFileFault::too_long);
}
