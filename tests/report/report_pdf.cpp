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

TEST_CASE("a signed report is a sound PDF with a valid signature over the whole file")
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

} // namespace ecluse::report
