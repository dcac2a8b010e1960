#include "policies/report/document.h"
#include "policies/report/form.h"
#include "policies/report/paris.h"
#include "tests/report/report_fixture.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>

namespace ecluse::report {
namespace {

using Catch::Matchers::ContainsSubstring;

std::vector<std::string> faulty_fields(std::variant<Form, FormFaults> const& answer)
{
    std::vector<std::string> fields;
    if (auto const* const faults = std::get_if<FormFaults>(&answer))
        for (auto const& fault : *faults)
            fields.push_back(fault.field);
    return fields;
}

bool has(std::vector<std::string> const& fields, std::string const& field)
{
    return std::find(fields.begin(), fields.end(), field) != fields.end();
}

} // namespace

TEST_CASE("facts and form read back what they wrote, byte for byte")
{
    auto const facts = canonical_facts(signed_facts());
    CHECK(canonical_facts(must(parse_facts(facts))) == facts);
    auto const form = canonical_form(some_form());
    auto const answer = parse_form_json(form);
    REQUIRE(std::holds_alternative<Form>(answer));
    CHECK(canonical_form(std::get<Form>(answer)) == form);
}

TEST_CASE("a window closed in the second in which it opened has facts; one that ends before has not"
)
{
    auto facts = some_facts();
    facts.window.end = facts.window.start;
    CHECK(parse_facts(canonical_facts(facts)));
    facts.window.end = facts.window.start - std::chrono::seconds{1};
    CHECK_FALSE(parse_facts(canonical_facts(facts)));
}

TEST_CASE("facts with an unknown, missing or misshapen field are refused", "[WEB:DT1]")
{
    auto const facts = canonical_facts(some_facts());
    auto const changed = [&facts](std::string const& from, std::string const& to) {
        auto text = facts;
        text.replace(text.find(from), from.size(), to);
        return parse_facts(text);
    };
    CHECK_FALSE(changed("\"version\":1", "\"version\":0"));
    CHECK_FALSE(changed("\"version\":1", "\"version\":1,\"more\":2"));
    CHECK_FALSE(changed("\"scan\":\"clean\"", "\"scan\":\"probably\""));
    CHECK_FALSE(changed("\"state\":\"sealed\"", "\"state\":\"fine\""));
    CHECK_FALSE(changed("2026-11-21T08:04:11Z", "2026-11-31T08:04:11Z"));
    CHECK_FALSE(changed("\"site\"", "\"place\""));
    CHECK(changed("\"version\":1", "\"version\":2"));
}

TEST_CASE(
    "a blank form answers nothing and every compulsory answer is asked for at once",
    "[CLAUSIER:O-9.13][CHM:8.19]"
)
{
    for (auto const language : {Language::french, Language::english}) {
        auto const answer = parse_form(blank_form(some_facts(), language));
        auto const fields = faulty_fields(answer);
        for (auto const* const field :
             {"presence.subcontractor_present",
              "presence.escort_present",
              "request.symptom",
              "result.outcome",
              "result.tests",
              "result.difficulties",
              "result.rollback_done",
              "result.service_impact",
              "data.health_data_seen",
              "data.copies_taken",
              "data.residual_data",
              "data.incident",
              "follow_up.next_steps",
              "operations[1].operation",
              "operations[1].item"}) {
            CAPTURE(field);
            CHECK(has(fields, field));
        }
        CHECK(fields.size() == 15);
    }
}

TEST_CASE("a date that does not exist is refused in French with its line")
{
    auto const answer = parse_form(R"(format = "ecluse-report-form/1"
report = "R-1"
invente = 1
[presence]
subcontractor_present = "oui"
escort_present = "peut-être"
[request]
actual_nature = "corrective"
symptom = "lent"
[result]
outcome = "fini"
tests = "faits"
difficulties = "   "
rollback_done = false
service_impact = "aucun"
[data]
health_data_seen = "non"
copies_taken = "non"
residual_data = "left"
residual_until = 2026-02-30
incident = true
[follow_up]
next_steps = 4
)");
    auto const fields = faulty_fields(answer);
    if (fields.empty()) FAIL("accepted");
    std::string said;
    for (auto const& fault : std::get<FormFaults>(answer))
        said += explain(Language::french, fault) + "\n";
    CAPTURE(said);
    // TOML itself refuses the thirtieth of February, and names the line.
    CHECK_THAT(said, ContainsSubstring("ligne 20"));
}

TEST_CASE("one answer makes another one compulsory")
{
    struct Case {
        char const* field;
        void (*change)(Form&);
    };
    auto const row = GENERATE(values<Case>({
        {"presence.subcontractor_name", [](Form& f) { f.subcontractor_present = true; }},
        {"result.rollback_detail", [](Form& f) { f.rollback_done = true; }},
        {"data.copies_detail", [](Form& f) { f.copies_taken = true; }},
        {"data.residual_what", [](Form& f) { f.residual_data = "left"; }},
        {"data.residual_why", [](Form& f) { f.residual_data = "left"; }},
        {"data.residual_until", [](Form& f) { f.residual_data = "left"; }},
        {"data.incident_detail", [](Form& f) { f.incident = true; }},
        {"operations", [](Form& f) { f.operations.clear(); }},
        {"result.outcome", [](Form& f) { f.outcome = "fini"; }},
        {"data.residual_data", [](Form& f) { f.residual_data = ""; }},
        {"operations[2].at", [](Form& f) { f.operations[1].at = "2026-11-21T24:00"; }},
        {"follow_up.next_date", [](Form& f) { f.next_date = "2026-02-30"; }},
        {"request.symptom", [](Form& f) { f.symptom = std::string(16 * 1024 + 1, 'a'); }},
    }));
    CAPTURE(row.field);
    auto form = some_form();
    REQUIRE(faulty_fields(parse_form_json(canonical_form(form))).empty());
    row.change(form);
    auto const fields = faulty_fields(parse_form_json(canonical_form(form)));
    CHECK(has(fields, row.field));
}

TEST_CASE("an intervention that did nothing needs no operation")
{
    auto form = some_form();
    form.operations.clear();
    form.outcome = "not_applicable";
    CHECK(faulty_fields(parse_form_json(canonical_form(form))).empty());
}

TEST_CASE("an unknown field of a form is named")
{
    auto text = canonical_form(some_form());
    text.insert(text.find("\"outcome\""), "\"verdict\":\"ok\",");
    CHECK(has(faulty_fields(parse_form_json(text)), "result.verdict"));
    CHECK_FALSE(faulty_fields(parse_form_json("{\"a\":[")).empty());
    CHECK_FALSE(faulty_fields(parse_form(std::string(form_bytes_max + 1, ' '))).empty());
    CHECK_FALSE(faulty_fields(parse_form("a = [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]")).empty());
}

TEST_CASE("Paris changes its hours on the last Sundays of March and October at 01:00 UTC")
{
    auto const shown = [](char const* at) { return paris_second(must(parse_iso(at))); };
    CHECK(shown("2026-03-29T00:59:59Z") == "29/03/2026 01:59:59");
    CHECK(shown("2026-03-29T01:00:00Z") == "29/03/2026 03:00:00");
    CHECK(shown("2026-10-25T00:59:59Z") == "25/10/2026 02:59:59");
    CHECK(shown("2026-10-25T01:00:00Z") == "25/10/2026 02:00:00");
    CHECK(shown("2026-12-31T23:30:00Z") == "01/01/2027 00:30:00");
}

TEST_CASE("the terminal shows the report that the PDF shows, without control characters")
{
    auto facts = some_facts();
    facts.sessions[0].commands[0].text = "echo \x1b[31mrouge";
    auto const form = some_form();
    auto const text = render_text(facts, &form, Language::french);
    CHECK_THAT(text, ContainsSubstring("*** BROUILLON – non signé ***"));
    CHECK_THAT(text, ContainsSubstring("echo \\x1b[31mrouge"));
    CHECK_THAT(text, ContainsSubstring("/tmp/pacs-index-4.2.1.tar.gz"));
    CHECK_THAT(text, ContainsSubstring("supprimées"));
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK_THAT(render_text(signed_facts(), &form, Language::english), !ContainsSubstring("DRAFT"));
}

TEST_CASE("a returned report is a draft again until it is signed anew")
{
    auto facts = signed_facts();
    CHECK(is_signed(facts));
    facts.decisions[1].what = "returned";
    CHECK_FALSE(is_signed(facts));
    facts.decisions.push_back(facts.decisions[0]);
    CHECK(is_signed(facts));
    facts.decisions.clear();
    CHECK_FALSE(is_signed(facts));
}

} // namespace ecluse::report
