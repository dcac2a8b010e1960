#include "gateway/terminal/page_frames.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse::terminal;
using namespace std::string_literals;

TEST_CASE("a page's frames are read, and what is none of them is not")
{
    auto const typed = read_page_frame("ils");
    REQUIRE(typed);
    CHECK(std::get<Typed>(*typed).bytes == "ls");

    auto const size = read_page_frame("r\x01\xf4\x00\xc8"s);
    REQUIRE(size);
    CHECK(std::get<Resized>(*size).columns == columns_max);
    CHECK(std::get<Resized>(*size).rows == rows_max);

    auto const shown = read_page_frame("s\x80\x00\x00\x01"s);
    REQUIRE(shown);
    CHECK(std::get<Shown>(*shown).bytes == 0x80000001U);

    CHECK(read_page_frame("i" + std::string(input_bytes_max, 'a')));
    for (auto const& none :
         {""s,
          "i"s,
          "i" + std::string(input_bytes_max + 1, 'a'),
          "r\x00\x00\x00\x18"s,
          "r\x00\x50\x00\x00"s,
          "r\x01\xf5\x00\x18"s,
          "r\x00\x50\x00\xc9"s,
          "r\x00\x50\x00"s,
          "r\x00\x50\x00\x18\x00"s,
          "s\x00\x00\x01"s,
          "o\x00\x50\x00\x18"s,
          "n{}"s})
        CHECK_FALSE(read_page_frame(none));
}

TEST_CASE("what is said to a page begins with what it is")
{
    CHECK(to_frame(Said::output, "a\0b"s) == "oa\0b"s);
    CHECK(to_frame(Said::end, "{}") == "e{}");
}
