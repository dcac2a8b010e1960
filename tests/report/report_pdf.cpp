#include "common/fd.h"
#include "policies/report/sign.h"
#include "tests/report/report_fixture.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstdlib>
#include <filesystem>

namespace ecluse::report {
namespace {

using Catch::Matchers::ContainsSubstring;

std::string facts_and_form_pdf(Evidence const& evidence)
{
    auto const rendered =
        render({canonical_facts(signed_facts()), canonical_form(some_form())}, evidence);
    CAPTURE(rendered.answer, rendered.exit);
    REQUIRE(rendered.ok);
    CHECK(rendered.exit == 0);
    return rendered.pdf;
}

/// For a person to look at: ECLUSE_REPORT_KEEP names a folder.
void keep(std::string const& name, std::string const& pdf)
{
    if (char const* const folder = std::getenv("ECLUSE_REPORT_KEEP"))
        must(write_file_durably(std::string{folder} + "/" + name, pdf));
}

} // namespace

TEST_CASE(
    "a signed report is a sound PDF with a valid signature over the whole file", "[CLAUSIER:O-9.13]"
)
{
    auto const evidence = make_evidence();
    auto const pdf = facts_and_form_pdf(evidence);
    keep("signed.pdf", pdf);
    Folder const folder;
    auto const path = folder.put("report.pdf", pdf);

    auto const sound = run({"qpdf", "--check", path});
    CAPTURE(sound.out);
    CHECK(sound.exit == 0);
    CHECK_THAT(sound.out, !ContainsSubstring("WARNING"));
    auto const signature = run({"pdfsig", path});
    CHECK_THAT(signature.out, ContainsSubstring("Signature is Valid"));
    CHECK_THAT(signature.out, ContainsSubstring("Total document signed"));
    CHECK_THAT(signature.out, ContainsSubstring("ETSI.CAdES.detached"));
    CHECK(verify_report(pdf, evidence.certificate));
}

TEST_CASE("a report is tagged, says its language, and carries its data")
{
    auto const evidence = make_evidence();
    Folder const folder;
    auto const path = folder.put("report.pdf", facts_and_form_pdf(evidence));
    auto const plain = folder.path() + "/plain.pdf";
    CHECK(run({"qpdf", "--qdf", "--object-streams=disable", path, plain}).exit == 0);
    auto const objects = must(read_file(plain, 8 * 1024 * 1024));
    for (auto const* const part :
         {"/Lang (fr-FR)",
          "/AFRelationship /Data",
          "/S /GTS_PDFA1",
          "<pdfaid:part>3</pdfaid:part>",
          "/Scope /Column",
          "/S /H1",
          "/S /TH",
          "/S /LBody",
          "/StructTreeRoot",
          "/Marked true"})
        CHECK_THAT(objects, ContainsSubstring(part));
    CHECK(run({"pdfdetach", "-save", "1", "-o", folder.path() + "/data.json", path}).exit == 0);
    auto const data = must(read_file(folder.path() + "/data.json", facts_bytes_max));
    CHECK(
        data == "{\"facts\":" + canonical_facts(signed_facts()) +
                    ",\"form\":" + canonical_form(some_form()) + "}\n"
    );
}

TEST_CASE(
    "the report says in French what was measured and what was declared",
    "[CLAUSIER:O-9.13][CHM:8.19]"
)
{
    auto const evidence = make_evidence();
    Folder const folder;
    auto const path = folder.put("report.pdf", facts_and_form_pdf(evidence));
    auto const text = run({"pdftotext", "-layout", path, "-"}).out;
    for (auto const* const part :
         {"Centre hospitalier de Sainte-Écluse",
          "Signé et visé par la DSI",
          "du 21/11/2026 09:00 au 21/11/2026 12:00 (heure de Paris)",
          "Prolongations",
          "redirection refusée",
          "48,2 Mo",
          "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
          "supprimées",
          "Conforme à la demande.",
          "page 1 / "})
        CHECK_THAT(text, ContainsSubstring(part));
    CHECK(text.find("BROUILLON") == std::string::npos);
}

TEST_CASE("a report in English has no French sentence of the catalogue", "[HDS:EXI-13]")
{
    auto const evidence = make_evidence();
    auto const rendered = render({canonical_facts(signed_facts()), "", "en"}, evidence);
    REQUIRE(rendered.ok);
    Folder const folder;
    auto const text = run({"pdftotext", "-layout", folder.put("r.pdf", rendered.pdf), "-"}).out;
    CHECK_THAT(text, ContainsSubstring("Remote maintenance report"));
    CHECK_THAT(text, ContainsSubstring("Signed, accepted by the IT department"));
    CHECK(text.find("télémaintenance") == std::string::npos);
}

TEST_CASE("one flipped byte makes a report invalid")
{
    auto const evidence = make_evidence();
    auto pdf = facts_and_form_pdf(evidence);
    for (std::size_t i = 0; i < pdf.size(); i += 997) {
        pdf[i] = static_cast<char>(pdf[i] ^ 1);
        CAPTURE(i);
        CHECK_FALSE(verify_report(pdf, evidence.certificate));
        pdf[i] = static_cast<char>(pdf[i] ^ 1);
    }
    CHECK(verify_report(pdf, evidence.certificate));
    CHECK_FALSE(verify_report(pdf + "\n", evidence.certificate));
    CHECK_FALSE(verify_report(pdf.substr(0, pdf.size() - 1), evidence.certificate));
    CHECK_FALSE(verify_report(pdf, make_evidence().certificate));
}

TEST_CASE("a refused signature or unreadable facts give no document")
{
    auto const evidence = make_evidence();
    RenderInput unsigned_input{canonical_facts(signed_facts())};
    unsigned_input.refuse_to_sign = true;
    auto const refused = render(unsigned_input, evidence);
    CHECK_FALSE(refused.ok);
    CHECK_THAT(refused.answer, ContainsSubstring("E-CR-02"));
    CHECK(refused.exit == 1);
    CHECK_FALSE(render({"{\"format\":\"other\"}"}, evidence).ok);
    CHECK_FALSE(render({canonical_facts(signed_facts()), "{}"}, evidence).ok);
}

TEST_CASE("an unsealed preview asks for no signature")
{
    auto const evidence = make_evidence();
    RenderInput preview{canonical_facts(some_facts()), canonical_form(some_form())};
    preview.seal = false;
    preview.refuse_to_sign = true;
    auto const rendered = render(preview, evidence);
    REQUIRE(rendered.ok);
    CHECK_FALSE(verify_report(rendered.pdf, evidence.certificate));
}

} // namespace ecluse::report
