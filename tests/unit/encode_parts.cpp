#include "recorder/encode/acknowledgements.h"
#include "recorder/encode/decoder.h"
#include "recorder/encode/outlet.h"
#include "recorder/encode/planes.h"
#include "recorder/format/feed.h"
#include "tests/support/must.h"

#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <sys/socket.h>
#include <thread>

using namespace ecluse;
using namespace ecluse::encode;

TEST_CASE("a picture is acknowledged with the fragment that shows it, and never before it")
{
    Acknowledgements book;
    book.waits_for_picture(); // 1: an update
    book.passed(1);           // 2: a key
    CHECK(book.on_disk(1) == 0);
    book.pictured();
    book.waits_for_picture(); // 3: an update after the picture
    book.written_as(2);
    CHECK(book.on_disk(1) == 0);
    CHECK(book.on_disk(2) == 2);
    // The second update is in no picture yet, whatever else is on disk.
    book.passed(3); // 4
    CHECK(book.on_disk(3) == 2);
    book.pictured();
    CHECK(book.on_disk(3) == 2);
    book.written_as(4);
    CHECK(book.on_disk(4) == 4);
    // Never backwards.
    CHECK(book.on_disk(1) == 4);
}

TEST_CASE(
    "the feed's readers take what its writers made, and nothing shorter, longer or upside down"
)
{
    std::vector<feed::Bitmap> const two{
        {0, 0, 3, 1, 4, 2, 32, 0, "pixels"}, {9, 9, 9, 9, 1, 1, 16, 1, "x"}};
    auto const bitmaps = feed::encode(two);
    auto const read = must(feed::parse_bitmaps(bitmaps));
    REQUIRE(read.size() == 2);
    CHECK(read[0].bytes == "pixels");
    CHECK(read[1].left == 9);
    auto const surface = feed::encode(feed::Surface{1, 2, 3, 4, 1, 32, 0, 3, 2, 2, "rfx"});
    CHECK(must(feed::parse_surface(surface)).bytes == "rfx");
    auto const desktop = feed::encode(feed::DesktopSize{1280, 800});
    CHECK(must(feed::parse_desktop(desktop)).width == 1280);
    auto const pointer = feed::encode(feed::PointerPlace{7, 8});
    CHECK(must(feed::parse_pointer(pointer)).y == 8);
    for (std::size_t keep = 0; keep < bitmaps.size(); ++keep)
        CHECK_FALSE(feed::parse_bitmaps(std::string_view{bitmaps}.substr(0, keep)));
    CHECK_FALSE(feed::parse_bitmaps(bitmaps + "x"));
    CHECK_FALSE(feed::parse_desktop(desktop + "x"));
    CHECK_FALSE(feed::parse_pointer(std::string_view{pointer}.substr(1)));
    CHECK_FALSE(feed::parse_surface(std::string_view{surface}.substr(0, 16)));
    CHECK_FALSE(feed::parse_desktop(feed::encode(feed::DesktopSize{0, 800})));
    CHECK_FALSE(feed::parse_desktop(feed::encode(feed::DesktopSize{8193, 800})));
    CHECK_FALSE(feed::parse_bitmaps(feed::encode({{5, 0, 4, 0, 1, 1, 32, 0, "x"}})));
    CHECK_FALSE(feed::parse_surface(feed::encode(feed::Surface{3, 0, 2, 0, 1, 32, 0, 3, 1, 1, ""}))
    );
}

TEST_CASE("a desktop larger than players show is refused")
{
    Decoder decoder;
    CHECK(decoder.resize({4096, 2304}));
    CHECK_FALSE(decoder.resize({4096, 2306}));
}

TEST_CASE("rectangles outside the desktop, or of nonsense, leave it as it was")
{
    Decoder decoder;
    must(decoder.resize({64, 48}));
    decoder.picture().changed().clear();
    std::string const white(16 * 16 * 4, '\xFF');
    // Beyond every edge, beside the desktop, and larger than its own bytes.
    must(decoder.draw_bitmaps(feed::encode({{200, 200, 215, 215, 16, 16, 32, 0, white}})));
    CHECK_FALSE(decoder.picture().changed().any());
    must(decoder.draw_bitmaps(feed::encode({{56, 40, 71, 55, 16, 16, 32, 0, white}})));
    CHECK(decoder.picture().row(47)[63 * 4] == 0xFF);
    CHECK_FALSE(decoder.draw_bitmaps(feed::encode({{0, 0, 63, 63, 64, 64, 32, 0, white}})));
    CHECK_FALSE(decoder.draw_bitmaps(feed::encode({{0, 0, 15, 15, 16, 16, 32, 1, "garbage"}})));
    CHECK_FALSE(decoder.draw_bitmaps(feed::encode({{0, 0, 15, 15, 16, 16, 24, 1, "garbage"}})));
    CHECK_FALSE(decoder.draw_bitmaps(feed::encode({{0, 0, 15, 15, 16, 16, 7, 0, white}})));
    CHECK_FALSE(
        decoder.draw_surface(feed::encode(feed::Surface{60, 0, 76, 16, 1, 32, 0, 0, 16, 16, white}))
    );
    CHECK_FALSE(decoder.draw_surface(feed::encode(feed::Surface{
        0, 0, 64, 48, 1, 32, 0, 3, 64, 48, "garbage"})));
    CHECK_FALSE(decoder.draw_surface(feed::encode(feed::Surface{
        0, 0, 64, 48, 1, 32, 0, 1, 64, 48, "garbage"})));
    CHECK(decoder.picture().row(0)[0] == 0);
}

TEST_CASE("the pointer is drawn into the video and leaves the decoded picture and no trace behind")
{
    Picture picture{64, 64};
    Planes plain{64, 64};
    plain.update(picture, std::nullopt);
    Planes planes{64, 64};
    planes.update(picture, Pointer{20, 20, true});
    CHECK(picture.row(20)[20 * 4] == 0);
    auto const differs = [&] {
        return !std::equal(planes.luma(), planes.luma() + 64 * 64, plain.luma());
    };
    CHECK(differs());
    picture.changed().clear();
    planes.update(picture, Pointer{-500, 9000, false});
    CHECK_FALSE(differs());
}

TEST_CASE("colours of the video are those of the desktop")
{
    struct Row {
        std::uint8_t b, g, r;
        int luma, cb, cr;
    };
    auto const row = GENERATE(values<Row>(
        {{0, 0, 0, 16, 128, 128},
         {255, 255, 255, 235, 128, 128},
         {0, 0, 255, 63, 102, 240},
         {0, 255, 0, 173, 42, 26},
         {255, 0, 0, 32, 240, 118}}
    ));
    Picture picture{17, 17};
    for (int i = 0; i < 17 * 17; ++i) {
        picture.pixels()[4 * i] = row.b;
        picture.pixels()[4 * i + 1] = row.g;
        picture.pixels()[4 * i + 2] = row.r;
    }
    Planes planes{17, 17};
    planes.update(picture, std::nullopt);
    CHECK(std::abs(planes.luma()[0] - row.luma) <= 2);
    CHECK(std::abs(planes.chroma()[0] - row.cb) <= 2);
    CHECK(std::abs(planes.chroma()[1] - row.cr) <= 2);
    // An odd edge too.
    CHECK(std::abs(planes.chroma()[18 * 8 + 16] - row.cb) <= 2);
}

TEST_CASE("a graphics pipeline opens unconnected, takes a desktop and refuses garbage")
{
    prepare_libraries();
    Decoder decoder;
    must(decoder.resize({64, 48}));
    CHECK_FALSE(decoder.draw_graphics_message("garbage that is no segment"));
    CHECK_FALSE(decoder.draw_graphics_message(""));
    // One uncompressed segment with a reset of the graphics to 128 x 96 (MS-RDPEGFX 2.2.2.14).
    std::string reset{"\xe0\x04\x0e\x00\x00\x00\x54\x01\x00\x00", 10};
    reset += std::string{"\x80\0\0\0\x60\0\0\0\0\0\0\0", 12};
    reset.resize(2 + 340);
    must(decoder.draw_graphics_message(reset));
    CHECK(decoder.picture().width() == 128);
    CHECK(decoder.picture().height() == 96);
}

TEST_CASE("a recorder is waited for from when it was offered a frame, not while a picture is made")
{
    using namespace std::chrono_literals;
    int ends[2] = {};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    Fd const recorder{ends[1]};
    Outlet outlet{Fd{ends[0]}};
    CHECK(outlet.add(FrameKind::key, 1, "{}") == 1);
    // A long turn: nobody could have taken the frame yet.
    std::this_thread::sleep_for(120ms);
    CHECK_FALSE(outlet.is_waiting());
    must(outlet.flush());
    auto const offered = std::chrono::steady_clock::now();
    CHECK(outlet.oldest_wait(offered) < 100ms);
    CHECK(outlet.oldest_wait(offered + 500ms) >= 500ms);
    // A machine that did not run does not count, and no frame waits less than nothing.
    outlet.excuse(10s);
    CHECK(outlet.oldest_wait(offered + 500ms) <= 500ms);
    CHECK(outlet.oldest_wait(std::chrono::steady_clock::now()) >= 0ms);
    std::string const one{"\0\0\0\0\0\0\0\1", 8};
    REQUIRE(::send(recorder.get(), one.data(), one.size(), 0) == 8);
    CHECK(must(outlet.read()).on_disk == 1);
    CHECK_FALSE(outlet.is_waiting());
}

TEST_CASE("only squares that are different now count as changed")
{
    Picture picture{64, 48};
    picture.changed().clear();
    std::vector<std::uint8_t> pixels(64UL * 48 * 4, 0);
    picture.paint(pixels.data(), 64, 48, {0, 0, 64, 48});
    CHECK_FALSE(picture.changed().any());
    // One pixel of the square in the second row and the third column.
    pixels[(17UL * 64 + 33) * 4] = 1;
    picture.paint(pixels.data(), 64, 48, {0, 0, 64, 48});
    CHECK(picture.changed().count() == 1);
    CHECK(picture.changed().is_marked(2, 1));
    CHECK(picture.row(17)[33 * 4] == 1);
    picture.changed().clear();
    // Not along the grain, and partly outside.
    std::vector<std::uint8_t> const light(20UL * 20 * 4, 255);
    picture.paint(light.data(), 20, 20, {44, 28, 70, 60});
    CHECK(picture.changed().count() == 4);
    CHECK(picture.row(47)[63 * 4] == 255);
    CHECK(picture.row(27)[63 * 4] == 0);
}
