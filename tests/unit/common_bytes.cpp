#include "common/bytes.h"
#include "tests/support/must.h"

#include <catch2/generators/catch_generators_range.hpp>

using namespace ecluse;

TEST_CASE("encodings give back what they were given, at every length")
{
    auto const length = GENERATE(Catch::Generators::range(0, 40));
    auto const bytes = random_bytes(static_cast<std::size_t>(length));
    CHECK(must(from_hex(to_hex(bytes))) == bytes);
    CHECK(must(from_base64(to_base64(bytes))) == bytes);
}

TEST_CASE("malformed encodings are refused")
{
    CHECK_FALSE(from_hex("abc"));
    CHECK_FALSE(from_hex("AB"));
    CHECK_FALSE(from_base64("YQ="));
    CHECK_FALSE(from_base64("Y=Q="));
    CHECK_FALSE(from_base64("===="));
    CHECK_FALSE(from_base64("YQ==YQ=="));
    CHECK_FALSE(from_base64("Y Q="));
}

TEST_CASE("identifiers do not repeat")
{
    CHECK(random_id('W') != random_id('W'));
    CHECK(random_id('W').starts_with("W-"));
    CHECK(random_id('W').size() == 22);
    CHECK(random_spelling(10).size() == 10);
}

TEST_CASE("what an outsider sent is shown as text and nothing else")
{
    CHECK(printable("écluse à l'hôpital") == "écluse à l'hôpital");
    CHECK(printable("a\x1b[31mb\n") == "a\\x1b[31mb\\x0a");
    CHECK(
        printable("a\xff"
                  "b") == "a\\xffb"
    );
    CHECK(printable("a\u202eb") == "a\\u{202e}b");
    CHECK(printable("\xc2\x9b") == "\\x9b");
    CHECK(printable("abcdef", 3) == "abc…");
    CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");
}
