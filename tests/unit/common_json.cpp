#include "common/json.h"
#include "tests/support/must.h"

using namespace ecluse;

TEST_CASE("a request is read strictly")
{
    auto const object = must(parse_object(R"({"name":"a","count":3,"on":true,"list":["x"]})"));
    Fields fields{object};
    CHECK(fields.text("name") == "a");
    CHECK(fields.number("count", 0, 10) == 3);
    CHECK(fields.flag("on"));
    CHECK(fields.texts("list") == std::vector<std::string>{"x"});
    CHECK(fields.finish());
}

TEST_CASE("unknown, missing, mistyped and oversized fields are refused by name", "[WEB:DT1]")
{
    auto const reads = [](char const* text) {
        auto const object = must(parse_object(text));
        Fields fields{object};
        (void)fields.text("name", 4);
        (void)fields.optional_number("count", 0, 10);
        return fields.finish();
    };
    CHECK(reads(R"({"name":"abcd","count":10})"));
    CHECK(reads(R"({"name":"abcd","extra":1})").error().what.find("extra") != std::string::npos);
    CHECK_FALSE(reads(R"({"count":1})"));
    CHECK_FALSE(reads(R"({"name":5})"));
    CHECK_FALSE(reads(R"({"name":"abcde"})"));
    CHECK_FALSE(reads(R"({"name":"a","count":11})"));
    CHECK_FALSE(reads(R"({"name":"a","count":1.0})"));
}

TEST_CASE("texts that two readers could understand differently are not JSON here")
{
    CHECK_FALSE(parse_object(R"({"a":1,"a":2})"));
    CHECK_FALSE(parse_object(R"({"a":1,"\u0061":2})"));
    CHECK_FALSE(parse_object(R"({"o":{"a":1,"a":2}})"));
    CHECK(parse_object(R"({"a":{"a":1},"b":[{"a":1},{"a":2}],"c":"\"a\":"})"));
    CHECK_FALSE(parse_object(R"({} {})"));
    CHECK_FALSE(parse_object("[]"));
    CHECK_FALSE(parse_object("{\"a\":\"\xff\"}"));
    CHECK_FALSE(parse_object(std::string(200, '[')));
}
