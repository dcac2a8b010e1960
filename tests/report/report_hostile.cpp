#include "common/fd.h"
#include "policies/report/sign.h"
#include "tests/report/report_fixture.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cstdlib>

namespace ecluse::report {
namespace {

using Catch::Matchers::ContainsSubstring;

void keep(std::string const& name, std::string const& pdf)
{
    if (char const* const folder = std::getenv("ECLUSE_REPORT_KEEP"))
        must(write_file_durably(std::string{folder} + "/" + name, pdf));
}

/// Renders, checks that the file is sound, and returns its text.
std::string
text_of(std::string const& name, Facts const& facts, Form const* form, std::string const& form_text)
{
    static auto const evidence = make_evidence();
    auto const rendered = render({canonical_facts(facts), form ? form_text : ""}, evidence);
    CAPTURE(rendered.answer, rendered.exit);
    REQUIRE(rendered.ok);
    keep(name + ".pdf", rendered.pdf);
    CHECK(verify_report(rendered.pdf, evidence.certificate));
    Folder const folder;
    auto const path = folder.put("report.pdf", rendered.pdf);
    auto const sound = run({"qpdf", "--check", path});
    CHECK(sound.exit == 0);
    return run({"pdftotext", "-layout", path, "-"}).out;
}

std::string text_of(std::string const& name, Facts const& facts, Form const* form = nullptr)
{
    return text_of(name, facts, form, form ? canonical_form(*form) : std::string{});
}

std::string without_spaces(std::string text)
{
    std::erase_if(text, [](unsigned char c) { return c <= ' '; });
    return text;
}

} // namespace

TEST_CASE("what a hostile party typed is shown as text in the PDF")
{
    auto facts = some_facts();
    auto form = some_form();
    facts.people[0].name = "=cmd|'/C calc'!A0";
    facts.people[0].login = "admin\u202Egnp.exe";
    facts.assets[0].name = "PACS\x1b[2J\x07<script>&amp;</rdf:li>";
    facts.site = "Site <b>&\"'</b> \xff\xfe";
    facts.sessions[0].commands[0].text = "printf '\x1b]0;titre\x07'\r\nrm -rf /";
    facts.sessions[0].transfers[0].name = "../../etc/passwd\n%PDF-1.7 /ByteRange [ 0 1 2 3 ]";
    form.symptom = "ligne 1\nligne 2\u2066\u2069 fin (/Contents <00>) endobj";
    auto const json = canonical_facts(facts);
    // Invalid UTF-8 never gets as far as a facts document.
    CHECK_FALSE(parse_facts(json));
    facts.site = "Site <b>&\"'</b>";
    auto const text = text_of("hostile", facts, &form);
    CHECK_THAT(text, ContainsSubstring("=cmd|'/C calc'!A0"));
    CHECK_THAT(text, ContainsSubstring("\\u{202e}"));
    CHECK_THAT(text, ContainsSubstring("\\x1b[2J\\x07<script>&amp;"));
    CHECK_THAT(without_spaces(text), ContainsSubstring("%PDF-1.7/ByteRange[0123]"));
    CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("a value of ten thousand characters is wrapped over pages and never cut")
{
    auto facts = some_facts();
    auto form = some_form();
    std::string path = "/donnees/";
    while (path.size() < 10'000)
        path += static_cast<char>('a' + path.size() % 26);
    path += "-FIN";
    facts.sessions[0].transfers[0].name = path;
    facts.sessions[0].commands[0].text = path + "-COMMANDE";
    std::string prose;
    while (prose.size() < 12'000)
        prose += "Un paragraphe de constat assez long. ";
    form.symptom = prose + "FIN-DU-CONSTAT";
    facts.window.reason = path + "-MOTIF";
    auto const text = text_of("long", facts, &form);
    auto const solid = without_spaces(text);
    CHECK_THAT(text, ContainsSubstring("FIN-DU-CONSTAT"));
    CHECK_THAT(solid, ContainsSubstring("-FIN-MOTIF"));
    CHECK_THAT(solid, ContainsSubstring("-FIN-COMMANDE"));
}

TEST_CASE("a window in which nothing happened has a report that says so")
{
    auto facts = some_facts();
    facts.people.clear();
    facts.assets.clear();
    facts.sessions.clear();
    facts.refusals.clear();
    facts.recordings.clear();
    facts.decisions.clear();
    facts.window.extensions.clear();
    facts.window.procedure.reset();
    facts.window.functions.clear();
    facts.escort.reset();
    auto const text = text_of("empty", facts);
    CHECK_THAT(text, ContainsSubstring("Aucune session n’a eu lieu"));
    CHECK_THAT(text, ContainsSubstring("Aucun enregistrement."));
    CHECK_THAT(text, ContainsSubstring("BROUILLON – non signé"));
    CHECK_THAT(text, ContainsSubstring("Non renseigné à ce jour"));
}

TEST_CASE("two hundred sessions with two thousand transfers fill their pages")
{
    auto facts = signed_facts();
    auto const model = facts.sessions[0];
    facts.sessions.clear();
    for (int s = 0; s < 200; ++s) {
        auto session = model;
        session.id = "S-" + std::to_string(1000 + s);
        session.transfers.clear();
        for (int t = 0; t < 10; ++t) {
            auto transfer = model.transfers[0];
            transfer.name = "/srv/lot-" + std::to_string(s) + "/fichier-" + std::to_string(t);
            session.transfers.push_back(transfer);
        }
        facts.sessions.push_back(session);
    }
    auto const form = some_form();
    auto const text = text_of("many", facts, &form);
    CHECK_THAT(text, ContainsSubstring("/srv/lot-0/fichier-0"));
    CHECK_THAT(text, ContainsSubstring("/srv/lot-199/fichier-9"));
    CHECK(std::count(text.begin(), text.end(), '\f') > 60);
}

} // namespace ecluse::report
