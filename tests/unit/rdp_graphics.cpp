#include "gateway/rdp/channels/bulk.h"
#include "gateway/rdp/channels/graphics_stream.h"
#include "tests/support/rdp_pdu.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <string>

using namespace ecluse::rdp;
using namespace ecluse::rdp::pdu;

namespace {

std::string shown(unsigned command, std::string const& body)
{
    return u16(static_cast<std::uint16_t>(command)) + u16(0) +
           u32(static_cast<std::uint32_t>(8 + body.size())) + body;
}
std::string surface(unsigned id, unsigned width, unsigned height)
{
    return shown(
        9,
        u16(static_cast<std::uint16_t>(id)) + u16(static_cast<std::uint16_t>(width)) +
            u16(static_cast<std::uint16_t>(height)) + "\x20"
    );
}
std::string frame(std::uint32_t number)
{
    return shown(0xB, u32(0) + u32(number)) + shown(0xC, u32(number));
}
std::string acknowledge(std::uint32_t number, std::uint32_t decoded)
{
    return shown(0xD, u32(0) + u32(number) + u32(decoded));
}
/// The plain PDUs in what the vendor gets.
std::string opened(std::string_view message)
{
    BulkReader reader;
    return reader.read(message).value_or("not a message");
}
std::string sent(GraphicsStream& stream, std::string const& pdus)
{
    auto const passed = stream.from_target(in_plain_segments(pdus));
    REQUIRE(passed);
    return opened(*passed);
}
bool has(std::string const& all, std::string const& part)
{
    return all.find(part) != std::string::npos;
}
Overlay strip()
{
    return {
        .x = 10, .y = 0, .width = 4, .height = 2, .pixels = std::vector<std::uint32_t>(8, 0xA1)};
}

constexpr std::uint32_t own_first = 0xEC000000;

} // namespace

TEST_CASE("the specification's example of compressed segments is read")
{
    std::string const parts{
        "\xE1\x03\x00\x2B\x00\x00\x00\x11\x00\x00\x00\x04The quick brown \x0E\x00\x00\x00"
        "\x04"
        "fox jumps ove\x10\x00\x00\x00\x24\x39\x08\x0E\x91\xF8\xD8\x61\x3D\x1E\x44\x06\x43\x79"
        "\x9C\x02",
        66};
    BulkReader reader;
    CHECK(reader.read(parts) == "The quick brown fox jumps over the lazy dog");
    // Cut anywhere, it is no message.
    for (std::size_t size = 0; size < parts.size(); ++size)
        CHECK_FALSE(BulkReader{}.read(parts.substr(0, size)));
}

TEST_CASE("plain segments come back as they were, of any size")
{
    auto const size = GENERATE(1U, 65535U, 65536U, 200'000U);
    std::string bytes;
    for (unsigned i = 0; i < size; ++i)
        bytes.push_back(static_cast<char>(i * 7));
    BulkReader reader;
    CHECK(reader.read(in_plain_segments(bytes)) == bytes);
}

TEST_CASE("segments that lie are no message")
{
    auto const lie = GENERATE(
        std::string{},
        std::string{"\xE0"},
        std::string{"\xE0\x04"},
        std::string{"\xE0\x05 other kind"},
        std::string{"\xE2\x04 other descriptor"},
        // More bits unused than there are.
        std::string{"\xE0\x24\x00\x08", 4},
        std::string{"\xE0\x24\x07", 3},
        // A prefix that means nothing, and a match from before the history.
        std::string{"\xE0\x24\xBF\xFF\xFF\xFF\x00", 7},
        // Unencoded bytes that are not there.
        std::string{"\xE0\x24\x88\x1F\xFF\x00", 6},
        std::string{"\xE1\x01\x00\xFF\xFF\xFF\x7F\x02\x00\x00\x00\x04x", 13},
        std::string{"\xE1\x01\x00\x02\x00\x00\x00\x02\x00\x00\x00\x04x", 13}
    );
    CHECK_FALSE(BulkReader{}.read(lie));
    CHECK_FALSE(GraphicsStream{}.from_target(lie));
}

TEST_CASE("what a target draws passes as it is")
{
    GraphicsStream stream;
    auto const pdus = surface(1, 640, 480) + frame(1) + shown(2, "any codec's bytes");
    CHECK(sent(stream, pdus) == pdus);
    CHECK_FALSE(stream.from_target(in_plain_segments(shown(2, "cut").substr(0, 9))));
}

TEST_CASE("a desktop that nobody could record is not announced to the vendor")
{
    struct Row {
        std::uint32_t width, height;
        bool passes;
    };
    auto const row = GENERATE(values<Row>(
        {{1280, 800, true},
         {4096, 2304, true},
         {4097, 2304, false},
         {8193, 1, false},
         {0, 9, false}}
    ));
    auto const reset = shown(0xE, u32(row.width) + u32(row.height) + u32(0));
    CHECK(GraphicsStream{}.from_target(in_plain_segments(reset)).has_value() == row.passes);
}

TEST_CASE("the overlay waits for the pipeline, lies over every frame and leaves what was under it")
{
    GraphicsStream stream;
    CHECK(stream.lay(strip()).empty());
    CHECK(sent(stream, shown(0x13, "capabilities")) == shown(0x13, "capabilities"));
    auto const place = u16(1) + u16(0) + u32(0) + u32(0);
    auto const before = surface(1, 640, 480) + shown(0xF, place) + shown(0xB, u32(0) + u32(7));
    // Not inside the target's own frame.
    CHECK(sent(stream, before) == before);
    auto const first = sent(stream, shown(0xC, u32(7)));
    CHECK(has(first, surface(0xFFFE, 4, 2)));
    CHECK(has(first, shown(0xB, u32(0) + u32(own_first))));
    CHECK(has(first, u32(0xA1)));
    // Brought up again after each frame, without its pixels.
    auto const again = sent(stream, frame(8));
    CHECK(has(again, shown(0xC, u32(own_first + 1))));
    CHECK_FALSE(has(again, u32(0xA1)));
    // Taken away: our surface goes, and the target's own is brought up where it was.
    auto const gone = opened(stream.lay(std::nullopt));
    CHECK(has(gone, shown(0xA, u16(0xFFFE))));
    auto const under = u16(1) + u16(1) + u16(10) + u16(0) + u16(14) + u16(2) + u16(1) + u16(10);
    CHECK(has(gone, shown(5, under + u16(0))));
    CHECK(sent(stream, frame(9)) == frame(9));
}

TEST_CASE("a target that takes the overlay's number gets it")
{
    GraphicsStream stream;
    (void)sent(stream, surface(1, 640, 480) + frame(1));
    CHECK(has(opened(stream.lay(strip())), surface(0xFFFE, 4, 2)));
    auto const both = sent(stream, surface(0xFFFE, 30, 30));
    CHECK(both.find(shown(0xA, u16(0xFFFE))) < both.find(surface(0xFFFE, 30, 30)));
    CHECK(has(both, surface(0xFFFD, 4, 2)));
}

TEST_CASE("the target hears of its own frames only")
{
    GraphicsStream stream;
    (void)sent(stream, surface(1, 640, 480) + frame(1));
    CHECK(stream.from_vendor(acknowledge(1, 1)) == acknowledge(1, 1));
    (void)stream.lay(strip());
    CHECK(stream.from_vendor(acknowledge(own_first, 2)) == "");
    CHECK(stream.from_vendor(shown(0x16, u32(own_first) + u32(0) + u32(0))) == "");
    CHECK(stream.from_vendor(acknowledge(2, 3)) == acknowledge(2, 2));
    // A number that we have not used is the target's.
    CHECK(stream.from_vendor(acknowledge(own_first + 1, 4)) == acknowledge(own_first + 1, 3));
}
