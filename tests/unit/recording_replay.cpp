#include "common/bytes.h"
#include "common/json.h"
#include "recorder/format/mp4.h"
#include "recorder/replay/activity.h"
#include "recorder/replay/pieces.h"
#include "recorder/replay/snapshots.h"
#include "recorder/screen/screen.h"
#include "tests/support/identity.h"
#include "tests/support/must.h"
#include "tests/support/recording_sample.h"

#include <algorithm>
#include <optional>

using namespace ecluse;
using namespace ecluse::recording;
using namespace ecluse::test;

namespace {

struct Opened {
    TemporaryFolder root;
    std::optional<Recording> recording;
    std::optional<ContentKey> key;
};

std::unique_ptr<Opened> opened(Sample const& sample)
{
    auto made = std::make_unique<Opened>();
    make_recording(made->root.path() + "/s", sample);
    made->recording =
        must(Recording::open(must(RecordingFiles::from_folder(made->root.path() + "/s"))));
    made->key =
        must(made->recording->unlock(must(ReadingKey::open(identity(KeyKind::p384).key, {}))));
    return made;
}

Sample terminal_session()
{
    return {
        {{{FrameKind::event, 900'000, R"({"type":"channel","kind":"shell","pty":true})", 2},
          {FrameKind::resize, 1'000'000, "100x30", 2},
          {FrameKind::output, 1'100'000, "caf\xC3", 2},
          {FrameKind::input, 1'200'000, "lx\x7fs", 2}},
         {{FrameKind::output, 1'300'000, "\xA9\r\n\x1b]52;c;cGlyYXRl\x07", 2},
          {FrameKind::input, 1'400'000, "\x03", 2},
          {FrameKind::input, 1'500'000, "\r", 2},
          {FrameKind::hidden_input, 1'600'000, "S3cr3t!\r", 2},
          {FrameKind::output, 1'700'000, "elsewhere", 3}},
         {{FrameKind::resize, 2'000'000, "80x24", 2},
          {FrameKind::event, 2'100'000, R"({"type":"exec","command":"up\u001btime"})", 2},
          {FrameKind::output, 2'200'000, "fin", 2},
          {FrameKind::end, 2'300'000, R"({"reason":"client_left"})"}}}};
}

std::string row(json::value const& moment)
{
    return json::serialize(moment.at("at_ms")) + " " +
           std::string{std::string_view{moment.at("kind").as_string()}} + " " +
           std::string{std::string_view{moment.at("text").as_string()}};
}

mp4::Track track()
{
    return {640, 400, std::string{"\x67\x64\x00\x1e\xac", 5}, std::string{"\x68\xee\x3c\x80", 4}};
}

/// Two places to begin; the second one's fragment is cut over two segments.
Sample desktop_session()
{
    auto const second =
        mp4::fragment(2, {{9'000, 100, true, "third"}, {9'100, 1, false, "fourth"}});
    Sample sample{
        {{{FrameKind::event, 500'000, R"({"type":"desktop","width":640,"height":400})"},
          {FrameKind::video,
           1'000'000,
           mp4::beginning(track()) +
               mp4::fragment(1, {{0, 125, true, "first"}, {125, 250, false, "second"}})}},
         {{FrameKind::video, 10'000'000, second.substr(0, 30)}},
         {{FrameKind::video, 10'000'000, second.substr(30)}},
         {{FrameKind::video, 12'000'000, mp4::fragment(3, {{11'000, 40, false, "fifth"}})},
          {FrameKind::end, 12'500'000, R"({"reason":"client_left"})"}}}};
    sample.protocol = "rdp";
    return sample;
}

std::vector<mp4::Sample> samples_of(std::string const& piece)
{
    mp4::Reader reader;
    must(reader.feed(mp4::beginning(track())));
    return must(reader.feed(piece)).samples;
}

} // namespace

TEST_CASE("a terminal is described by what was typed, run and refused, on one clock", "[WEB:HE6]")
{
    auto const from = opened(terminal_session());
    auto const shown = must(describe_recording(*from->recording, *from->key));
    CHECK(shown.at("desktop") == false);
    CHECK(shown.at("columns") == 100);
    CHECK(shown.at("length_ms") == 1400);
    std::vector<std::string> rows;
    for (auto const& moment : shown.at("timeline").as_array())
        rows.push_back(row(moment));
    CHECK(
        rows ==
        std::vector<std::string>{
            "0 channel channel", "300 typed ls^C", "700 typed •", "1200 exec exec: up\\x1btime"}
    );
}

TEST_CASE("no piece of a terminal holds what was typed in hiding, or another channel")
{
    auto const from = opened(terminal_session());
    auto const piece = must(terminal_piece(*from->recording, *from->key, 0));
    CHECK(
        json::serialize(piece.at("frames")) ==
        R"([[100000,"r","100x30"],[200000,"o","caf"],[400000,"o","é\r\n\u001b]52;c;cGlyYXRl\u0007"],)"
        R"([1100000,"r","80x24"],[1300000,"o","fin"]])"
    );
    CHECK(piece.at("next").is_null());
    auto const all = json::serialize(must(describe_recording(*from->recording, *from->key)));
    CHECK(all.find("S3cr3t") == std::string::npos);
}

TEST_CASE("a terminal comes in pieces, each from its segment on, with the times of the whole")
{
    Sample sample{{{{FrameKind::output, 1'000'000, "first"}}}};
    for (std::uint64_t i = 1; i <= 10; ++i)
        sample.segments.push_back(
            {{FrameKind::output, 1'000'000 * (i + 1), std::string(frame_payload_max - 1, 'x')}}
        );
    auto const from = opened(sample);
    auto const first = must(terminal_piece(*from->recording, *from->key, 0));
    REQUIRE(first.at("next").is_number());
    auto const next = first.at("next").to_number<std::uint64_t>();
    auto const rest = must(terminal_piece(*from->recording, *from->key, next));
    CHECK(rest.at("next").is_null());
    CHECK(first.at("frames").as_array().size() + rest.at("frames").as_array().size() == 11);
    CHECK(rest.at("frames").as_array().front().at(0) == 1'000'000 * next);
}

TEST_CASE("a terminal may begin where a snapshot says, and shows what the whole shows")
{
    Sample sample{{{{FrameKind::resize, 1'000'000, "40x10"}}}};
    for (std::uint64_t i = 1; i <= 600; ++i) {
        // Two frames of one moment: none of them ends it alone.
        auto const at = 1'000'000 + i / 2 * 10'000;
        auto const line = "\x1b[3" + std::to_string(i % 8) + "mligne " + std::to_string(i) + "\r\n";
        std::string text;
        for (int turn = 0; turn < 20; ++turn)
            text += line;
        sample.segments.push_back({{FrameKind::output, at, text}});
    }
    sample.segments.push_back(
        {{FrameKind::output, 9'000'000, "\x1b]0;journal\a\x1b]0;journal\afin"}}
    );
    auto const from = opened(sample);
    auto const shown = must(describe_recording(*from->recording, *from->key));
    auto const pieces = must(terminal_piece(*from->recording, *from->key, 0));
    auto const& frames = pieces.at("frames").as_array();
    auto const feed = [&](screen::Screen& screen, std::uint64_t after_us) {
        for (auto const& frame : frames) {
            if (frame.at(0).to_number<std::uint64_t>() <= after_us) continue;
            if (frame.at(1) == "o") screen.feed(std::string_view{frame.at(2).as_string()});
        }
    };
    screen::Screen whole{{40, 10}};
    whole.feed(std::string_view{frames.at(1).at(2).as_string()});
    feed(whole, 0);
    auto const& snapshots = shown.at("snapshots").as_array();
    CHECK(snapshots.size() >= 5);
    for (auto const& snapshot : snapshots) {
        CAPTURE(snapshot.at(0));
        CHECK(snapshot.at(1) == 40);
        screen::Screen resumed{{40, 10}};
        resumed.feed(std::string_view{snapshot.at(3).as_string()});
        feed(resumed, snapshot.at(0).to_number<std::uint64_t>());
        CHECK(resumed.shows_as(whole));
    }
    // A title is told once.
    auto const& timeline = shown.at("timeline").as_array();
    REQUIRE(timeline.size() == 1);
    CHECK(row(timeline[0]) == "8000 title journal");
}

TEST_CASE("snapshots stay small, however long a terminal's recording is")
{
    Snapshots snapshots{{200, 60}};
    std::string page = "\x1b[H";
    for (int row = 0; row < 60; ++row)
        for (int column = 0; column < 200; ++column)
            page += "\x1b[3" + std::to_string((row + column) % 8) + "mx";
    page += "\x1b[m";
    for (std::uint64_t i = 0; i < 400; ++i)
        snapshots.feed({FrameKind::output, 0, i * 1000, page, {}}, i * 1000);
    std::size_t bytes = 0;
    auto const rows = snapshots.finish();
    for (auto const& row : rows)
        bytes += row.at(3).as_string().size();
    CHECK(rows.size() > 5);
    CHECK(bytes <= snapshots_bytes_max);
}

TEST_CASE("activity is told in as many slices as a curve has, nothing lost")
{
    Activity activity;
    auto const feed = [&](FrameKind kind, std::uint64_t at_us, std::string_view payload) {
        activity.feed({kind, 0, at_us, payload, {}}, at_us);
    };
    feed(FrameKind::output, 0, "bonjour");
    feed(FrameKind::input, 300'000, "l");
    feed(FrameKind::hidden_input, 7'200'000'000, "x");
    feed(FrameKind::video, 7'200'000'000, "12345");
    feed(FrameKind::event, 9'000'000'000, "{}");
    auto const told = activity.finish();
    CHECK(told.at("slice_ms") == 32'000);
    auto const& typed = told.at("typed").as_array();
    auto const& shown = told.at("shown").as_array();
    REQUIRE(typed.size() == 226);
    REQUIRE(shown.size() == typed.size());
    CHECK(typed.front() == 1);
    CHECK(typed.back() == 1);
    CHECK(shown.front() == 7);
    CHECK(shown.back() == 5);
}

TEST_CASE("a video is told by its places, and comes between two of them without holes")
{
    auto const from = opened(desktop_session());
    auto const shown = must(describe_recording(*from->recording, *from->key));
    auto const& video = shown.at("video");
    CHECK(video.at("start_ms") == 500);
    CHECK(video.at("codec") == "avc1.64001e");
    CHECK(video.at("places") == json::value{{0, 0}, {9'000, 1}});
    CHECK(must(from_base64(video.at("beginning").as_string())) == mp4::beginning(track()));

    auto const first = must(video_piece(*from->recording, *from->key, {0, 0, 9'000}));
    CHECK(
        samples_of(first) ==
        std::vector<mp4::Sample>{{0, 125, true, "first"}, {125, 8'875, false, "second"}}
    );
    auto const last = must(video_piece(*from->recording, *from->key, {1, 9'000, 0}));
    CHECK(
        samples_of(last) ==
        std::vector<mp4::Sample>{
            {9'000, 100, true, "third"},
            {9'100, 1'900, false, "fourth"},
            {11'000, 40, false, "fifth"}}
    );
    CHECK(must(video_piece(*from->recording, *from->key, {3, 20'000, 0})).empty());
}

TEST_CASE("an altered recording is told, with its place, before any key is used")
{
    TemporaryFolder root;
    auto const folder = root.path() + "/s";
    make_recording(folder, small_sample());
    auto record = content_of(folder + "/record.bin");
    record[record.size() / 2] = static_cast<char>(record[record.size() / 2] ^ 1);
    overwrite(folder + "/record.bin", record);
    auto const files = must(RecordingFiles::from_folder(folder));
    auto const verdict =
        check_integrity(files, content_of(folder + "/evidence.pem"), Language::french);
    CHECK_FALSE(verdict.intact);
    REQUIRE_FALSE(verdict.shown.at("faults").as_array().empty());
    auto const& fault = verdict.shown.at("faults").as_array().front().as_string();
    CHECK(std::string_view{fault}.find("record.bin") != std::string_view::npos);
}
