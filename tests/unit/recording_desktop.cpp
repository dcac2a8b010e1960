#include "common/json.h"
#include "recorder/export/export.h"
#include "recorder/export/notes.h"
#include "recorder/format/mp4.h"
#include "tests/support/identity.h"
#include "tests/support/must.h"
#include "tests/support/recording_sample.h"

#include <catch2/generators/catch_generators.hpp>

#include <optional>

using namespace ecluse;
using namespace ecluse::recording;
using namespace ecluse::test;

namespace {

using Export = Result<> (*)(Recording const&, ContentKey const&, Write const&);

mp4::Track track()
{
    return {640, 400, std::string{"\x67\x64\x00\x1e\xac", 5}, std::string{"\x68\xee\x3c\x80", 4}};
}

std::vector<mp4::Sample> samples()
{
    return {{0, 125, true, "first"}, {125, 250, false, "second"}};
}

std::string video()
{
    return mp4::beginning(track()) + mp4::fragment(1, samples()) +
           mp4::fragment(2, {{9'000, 1, false, "third"}});
}

std::string key_json(std::string const& typed, std::string const& name = {}, bool down = true)
{
    json::object key{{"scan", 30}, {"extended", false}, {"down", down}};
    if (!typed.empty()) key["text"] = typed;
    if (!name.empty()) key["name"] = name;
    return json::serialize(key);
}

/// Someone types, clicks, pastes and types a password on a desktop.
Sample desktop_session()
{
    auto const film = video();
    Sample sample{
        {{{FrameKind::key, 900'000, key_json("x")},
          {FrameKind::video, 1'000'000, film.substr(0, 300)},
          {FrameKind::key, 2'000'000, key_json("l")},
          {FrameKind::key, 2'050'000, key_json("l", {}, false)},
          {FrameKind::key, 2'060'000, key_json({}, "Shift")},
          {FrameKind::key, 2'100'000, key_json("<")},
          {FrameKind::key, 2'200'000, key_json("\r", "Enter")}},
         {{FrameKind::video, 1'000'000, film.substr(300)},
          {FrameKind::event, 5'000'000, R"({"type":"click","button":"left","x":10,"y":20})"},
          {FrameKind::event, 5'100'000, R"({"type":"click","button":"wheel_up","x":1,"y":2})"},
          {FrameKind::hidden_input, 5'950'000, key_json({}, "Shift")},
          {FrameKind::hidden_input, 6'000'000, key_json("S", "Shift+S")},
          {FrameKind::hidden_input, 6'100'000, key_json("3cr3t")},
          {FrameKind::key, 6'200'000, key_json({}, "Ctrl+C")},
          {FrameKind::event,
           9'000'000,
           R"({"type":"clipboard","direction":"in","bytes":5,"sha256":"00","text":"a\nb"})"},
          {FrameKind::end, 10'000'000, R"({"reason":"client_left"})"}}}};
    sample.protocol = "rdp";
    return sample;
}

struct Opened {
    TemporaryFolder root;
    std::optional<Recording> recording;
    std::optional<ContentKey> key;
};

std::string exported(Sample const& sample, Export how)
{
    Opened from;
    make_recording(from.root.path() + "/s", sample);
    from.recording =
        must(Recording::open(must(RecordingFiles::from_folder(from.root.path() + "/s"))));
    from.key =
        must(from.recording->unlock(must(ReadingKey::open(identity(KeyKind::p384).key, {}))));
    std::string all;
    must(how(*from.recording, *from.key, [&](std::string_view bytes) -> Result<> {
        all += bytes;
        return {};
    }));
    return all;
}

} // namespace

TEST_CASE("subtitles group what was typed, count from the video's start and escape their marks")
{
    CHECK(
        exported(desktop_session(), export_vtt) ==
        "WEBVTT\n\n00:00:00.000 --> 00:00:03.200\nFrappe : xl&lt;⏎\n"
        "\n00:00:04.000 --> 00:00:06.000\nClic left en 10, 20\n"
        "\n00:00:05.000 --> 00:00:07.200\nFrappe : ••[Ctrl+C]\n"
        "\n00:00:08.000 --> 00:00:10.000\nPresse-papiers vers l’équipement (5 octets) : a\\x0ab\n"
    );
}

TEST_CASE("no export of a desktop contains what was typed in hiding")
{
    auto const how = GENERATE(
        Export{export_vtt}, Export{export_desktop_text}, Export{export_json}, Export{export_mp4}
    );
    auto const all = exported(desktop_session(), how);
    CHECK(all.find("3cr3t") == std::string::npos);
    CHECK(all.find("Shift+S") == std::string::npos);
}

TEST_CASE("the JSON of a desktop has every key parsed")
{
    auto const document = json::parse(exported(desktop_session(), export_json)).as_object();
    auto const& frames = document.at("frames").as_array();
    CHECK(frames.size() == 16);
    CHECK(frames[2].at("event").at("text").as_string() == "l");
    CHECK(document.at("facts").at("protocol").as_string() == "rdp");
}

TEST_CASE("the exported video has an index and the same samples, each shown until the next")
{
    auto const all = exported(desktop_session(), export_mp4);
    CHECK(all.ends_with("firstsecondthird"));
    CHECK(all.find("moof") == std::string::npos);
    auto const times = all.find("stts");
    REQUIRE(times != std::string::npos);
    CHECK(
        all.substr(times + 8, 28) ==
        std::string{"\0\0\0\3\0\0\0\1\0\0\0\x7d\0\0\0\1\0\0\x22\xab\0\0\0\1\0\0\0\1", 28}
    );
}

TEST_CASE("the facts tell a desktop from a terminal")
{
    Header header;
    header.facts = R"({"protocol":"rdp"})";
    CHECK(is_desktop(header));
    header.facts = R"({"protocol":"ssh"})";
    CHECK_FALSE(is_desktop(header));
}

TEST_CASE("a video without a picture is refused, not written empty")
{
    Opened from;
    auto sample = small_sample();
    sample.protocol = "rdp";
    make_recording(from.root.path() + "/s", sample);
    auto const recording =
        must(Recording::open(must(RecordingFiles::from_folder(from.root.path() + "/s"))));
    auto const key =
        must(recording.unlock(must(ReadingKey::open(identity(KeyKind::p384).key, {}))));
    bool wrote = false;
    auto const done = export_mp4(recording, key, [&](std::string_view) -> Result<> {
        wrote = true;
        return {};
    });
    CHECK_FALSE(done);
    CHECK_FALSE(wrote);
}

TEST_CASE("a video is read back as it was written, whatever the pieces, and a cut tail is left out")
{
    auto const bytes = video();
    auto const piece = GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{100'000});
    auto const cut = GENERATE(std::size_t{0}, std::size_t{1});
    mp4::Reader reader;
    std::vector<mp4::Sample> read;
    for (std::size_t at = 0; at < bytes.size() - cut; at += piece)
        for (auto& sample :
             must(reader.feed(
                      std::string_view{bytes}.substr(0, bytes.size() - cut).substr(at, piece)
                  ))
                 .samples)
            read.push_back(std::move(sample));
    CHECK(reader.track() == track());
    REQUIRE(read.size() == 3 - cut);
    CHECK(read[0] == samples()[0]);
    CHECK(read[1] == samples()[1]);
}

TEST_CASE("a video of another form is refused for good")
{
    auto bytes = video();
    auto const at = GENERATE(0UL, 4UL, 40UL);
    auto const moof = bytes.find("moof");
    for (auto const* const change : {"moov", "free", "mdat"}) {
        auto changed = bytes;
        changed.replace(moof, 4, change);
        mp4::Reader reader;
        CHECK_FALSE(reader.feed(changed));
        CHECK_FALSE(reader.feed(bytes));
    }
    bytes[moof + 4 + at] = static_cast<char>(bytes[moof + 4 + at] ^ 0x55);
    mp4::Reader reader;
    (void)reader.feed(bytes);
}
