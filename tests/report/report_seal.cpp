#include "common/bytes.h"
#include "policies/report/sign.h"
#include "tests/report/report_fixture.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

namespace ecluse::report {
namespace {

/// Stands for any document: what is tested here is the seal, not the drawing.
std::string sealed(Evidence const& evidence, std::string const& before, std::string const& after)
{
    auto const cms = must(sign_cades_detached(before + after, evidence.certificate, evidence.key));
    auto hex = to_hex(cms);
    hex.resize(4096, '0');
    return before + "<" + hex + ">" + after;
}

} // namespace

TEST_CASE("no bit of a sealed document can change without being found")
{
    auto const evidence = make_evidence();
    auto document = must([&]() -> Result<std::string> {
        std::string const after = "/M (D:20261121110512Z) >> endobj\n%%EOF\n";
        std::string const head = "%PDF-1.7\n1 0 obj << /ByteRange [ 0 ";
        std::string const tail = " ] /Contents";
        auto const start = head.size() + 14 + tail.size();
        auto const end = start + 4096 + 2;
        std::string numbers =
            std::to_string(start) + " " + std::to_string(end) + " " + std::to_string(after.size());
        numbers.resize(14, ' ');
        return sealed(evidence, head + numbers + tail, after);
    }());
    REQUIRE(verify_report(document, evidence.certificate));
    std::string unnoticed;
    for (std::size_t i = 0; i < document.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            document[i] = static_cast<char>(static_cast<unsigned char>(document[i]) ^ (1U << bit));
            if (verify_report(document, evidence.certificate))
                unnoticed += std::to_string(i) + "." + std::to_string(bit) + " ";
            document[i] = static_cast<char>(static_cast<unsigned char>(document[i]) ^ (1U << bit));
        }
    }
    CAPTURE(unnoticed);
    CHECK(unnoticed.empty());
    CHECK(verify_report(document, evidence.certificate));
}

} // namespace ecluse::report
