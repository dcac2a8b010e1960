#include "recorder/format/frame.h"
#include "tests/support/must.h"

#include <catch2/generators/catch_generators.hpp>

using namespace ecluse;

namespace {

std::string one(FrameKind kind, std::string_view payload)
{
    std::string bytes;
    append_frame(bytes, kind, 7, 123456789, payload);
    return bytes;
}

} // namespace

TEST_CASE("a frame reads back as it was written, whole or byte by byte")
{
    std::string bytes = one(FrameKind::output, "bonjour") + one(FrameKind::event, "");
    FrameDecoder whole;
    auto const frames = must(whole.feed(bytes));
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].kind == FrameKind::output);
    CHECK(frames[0].channel == 7);
    CHECK(frames[0].mono_us == 123456789);
    CHECK(frames[0].payload == "bonjour");
    CHECK(std::string{frames[0].encoded} + std::string{frames[1].encoded} == bytes);

    FrameDecoder pieces;
    std::string again;
    for (char const c : bytes) {
        for (auto const& frame : must(pieces.feed({&c, 1})))
            again += frame.encoded;
    }
    CHECK(again == bytes);
    CHECK(pieces.partial_bytes() == 0);
}

TEST_CASE("a frame of the largest payload passes and a longer length is refused at its fourth byte")
{
    FrameDecoder decoder;
    auto const largest = one(FrameKind::bytes_down, std::string(frame_payload_max, 'x'));
    CHECK(must(decoder.feed(largest)).size() == 1);
    FrameDecoder strict;
    CHECK_FALSE(strict.feed(std::string_view{
        "\x00\x10\x00\x0c"
        "b",
        5}));
    FrameDecoder short_length;
    CHECK_FALSE(short_length.feed(std::string_view{
        "\x00\x00\x00\x0a"
        "b",
        5}));
}

TEST_CASE("an unknown kind, a bad resize and bytes after the end are refused for good")
{
    auto const bytes = GENERATE(
        std::string{"\x00\x00\x00\x0bx", 5},
        one(FrameKind::resize, "80x"),
        one(FrameKind::resize, "0x24"),
        one(FrameKind::resize, "080x24"),
        one(FrameKind::resize, "65536x24"),
        one(FrameKind::resize, "80x24 "),
        one(FrameKind::end, "{}") + "x"
    );
    FrameDecoder decoder;
    CHECK_FALSE(decoder.feed(bytes));
    CHECK_FALSE(decoder.feed(one(FrameKind::output, "later")));
}

TEST_CASE("the end frame may be the last byte of one feed and refuses the next")
{
    FrameDecoder decoder;
    CHECK(must(decoder.feed(one(FrameKind::end, R"({"reason":"cut"})"))).size() == 1);
    CHECK(decoder.ended());
    CHECK(must(decoder.feed("")).empty());
    CHECK_FALSE(decoder.feed("x"));
}

TEST_CASE("a terminal has 1 to 65535 columns and rows")
{
    CHECK(must(parse_terminal_size("65535x65535")).rows == 65535);
    CHECK(must(parse_terminal_size("1x1")).columns == 1);
    CHECK_FALSE(parse_terminal_size(""));
    CHECK_FALSE(parse_terminal_size("x24"));
    CHECK_FALSE(parse_terminal_size("-1x24"));
}
