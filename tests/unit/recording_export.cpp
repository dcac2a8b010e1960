#include "common/json.h"
#include "recorder/export/export.h"
#include "recorder/export/pack.h"
#include "recorder/export/terminal.h"
#include "tests/support/identity.h"
#include "tests/support/must.h"
#include "tests/support/recording_sample.h"

#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>
#include <sstream>

using namespace ecluse;
using namespace ecluse::recording;
using namespace ecluse::test;
using namespace std::chrono_literals;

namespace {

using Export = Result<> (*)(Recording const&, ContentKey const&, Write const&);

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

std::string exported(Opened const& from, Export how)
{
    std::string all;
    must(how(*from.recording, *from.key, [&](std::string_view bytes) -> Result<> {
        all += bytes;
        return {};
    }));
    return all;
}

Sample talkative()
{
    return {
        {{{FrameKind::resize, 1'000'000, "100x30", 2},
          {FrameKind::output, 1'100'000, "caf\xC3", 2},
          {FrameKind::input, 1'200'000, "ls\r", 2}},
         {{FrameKind::output, 1'300'000, "\xA9\r\n\x1b[31mrouge\x1b[0m\xFF\r\n", 2},
          {FrameKind::hidden_input, 1'400'000, "S3cr3t!", 2},
          {FrameKind::hidden_input, 1'500'000, "\r", 2},
          {FrameKind::output, 1'500'000, "other channel", 5},
          {FrameKind::bytes_up, 1'600'000, "file bytes", 5},
          {FrameKind::event,
           1'700'000,
           R"({"type":"exec","command":"rm -rf /tmp/x\u001b[2J"})",
           3}},
         {{FrameKind::resize, 31'800'000, "120x40", 2},
          {FrameKind::output, 31'900'000, "fin\r\n", 2},
          {FrameKind::end, 31'900'000, R"({"reason":"client_left"})"}}}};
}

} // namespace

TEST_CASE("an asciicast has the terminal, carries split characters over and masks hidden input")
{
    auto const session = opened(talkative());
    std::istringstream lines{exported(*session, export_cast)};
    std::string line;
    std::getline(lines, line);
    auto const header = must(parse_object(line));
    CHECK(header.at("version").as_int64() == 2);
    CHECK(header.at("width").as_int64() == 100);
    CHECK(header.at("height").as_int64() == 30);
    std::string rest;
    while (std::getline(lines, line)) {
        auto const event = json::parse(line).as_array();
        REQUIRE(event.size() == 3);
        rest += json::serialize(event[1]) + json::serialize(event[2]) + " ";
    }
    CHECK(
        rest == R"("r""100x30" "o""caf" "i""ls\r" "o""é\r\n\u001b[31mrouge\u001b[0m)"
                "\xEF\xBF\xBD"
                R"(\r\n" "i""•" "i""•" "m""exec: rm -rf /tmp/x\\x1b[2J" "r""120x40" "o""fin\r\n" )"
    );
}

TEST_CASE("no export contains what was typed without echo")
{
    auto const session = opened(talkative());
    auto const how = GENERATE(Export{export_cast}, Export{export_text}, Export{export_json});
    auto const all = exported(*session, how);
    CHECK(all.find("S3cr3t") == std::string::npos);
    CHECK(all.find("fin") != std::string::npos);
}

TEST_CASE("the text export has lines without escapes, then the commands")
{
    auto const session = opened(talkative());
    auto const all = exported(*session, export_text);
    CHECK(all.find("café\nrouge") != std::string::npos);
    CHECK(all.find('\x1b') == std::string::npos);
    CHECK(all.find("Commandes exécutées : 1\n0.700000 s  rm -rf /tmp/x") != std::string::npos);
}

TEST_CASE("the JSON export is one document with every frame")
{
    auto const session = opened(talkative());
    auto const document = json::parse(exported(*session, export_json)).as_object();
    CHECK(document.at("facts").at("person").as_string() == "Aïcha Démo");
    auto const& frames = document.at("frames").as_array();
    CHECK(frames.size() == 12);
    CHECK(frames[7].at("bytes").as_int64() == 10);
    CHECK(frames[8].at("event").at("type").as_string() == "exec");
}

TEST_CASE("a recording without frames exports to valid, empty documents")
{
    auto const session = opened({{{}}});
    CHECK(json::parse(exported(*session, export_json)).as_object().at("frames").as_array().empty());
    CHECK(exported(*session, export_cast).find("\"width\":80") != std::string::npos);
}

TEST_CASE("a play keeps pace, shortens pauses, stops on demand and restores the terminal")
{
    auto const session = opened(talkative());
    std::string shown;
    std::vector<std::int64_t> moments;
    auto const write = [&](std::string_view bytes) -> Result<> {
        shown += bytes;
        return {};
    };
    std::size_t stop_after = GENERATE(std::size_t{100}, std::size_t{2});
    must(play(
        *session->recording,
        *session->key,
        {.speed = 2.0, .idle_max = 1000ms},
        write,
        [&](std::chrono::microseconds moment) {
            moments.push_back(moment.count());
            return moments.size() <= stop_after;
        }
    ));
    REQUIRE(moments.size() == 3);
    // 0.1 s, 0.2 s and 30.6 s apart, at double speed, the last pause shortened to one second.
    CHECK(moments[0] == 50'000);
    CHECK(moments[1] == 150'000);
    CHECK(moments[2] == 1'150'000);
    CHECK((shown.find("fin") != std::string::npos) == (stop_after == 100));
    CHECK(shown.ends_with(TerminalFilter::restore()));
}

TEST_CASE("a play refuses speeds that are no speeds")
{
    auto const session = opened(small_sample());
    auto const speed = GENERATE(0.0, -1.0, 0.05, 101.0, std::numeric_limits<double>::quiet_NaN());
    CHECK_FALSE(play(
        *session->recording,
        *session->key,
        {.speed = speed, .idle_max = 1s},
        [](std::string_view) -> Result<> { return {}; },
        [](std::chrono::microseconds) { return true; }
    ));
}

TEST_CASE("what could harm the viewer's terminal does not pass, colours and cursor do")
{
    struct Row {
        char const* what;
        std::string sent;
        std::string passed;
    };
    auto const row = GENERATE(values<Row>({
        {"colours", "\x1b[1;31mx\x1b[0m", "\x1b[1;31mx\x1b[0m"},
        {"cursor", "\x1b[2;3H\x1b[2J\x1b[?25l", "\x1b[2;3H\x1b[2J\x1b[?25l"},
        {"line drawing", "\x1b(0q\x1b(B", "\x1b(0q\x1b(B"},
        {"alternate screen", "\x1b[?1049h", "\x1b[?1049h"},
        {"title", "a\x1b]0;evil\ab", "ab"},
        {"clipboard", "a\x1b]52;c;ZXZpbA==\x1b\\b", "ab"},
        {"hyperlink", "\x1b]8;;http://x\x1b\\t\x1b]8;;\x1b\\", "t"},
        {"device control", "a\x1bPq#0\x1b\\b", "ab"},
        {"status query", "\x1b[6n\x1b[c\x1b[>c\x1b[18t", ""},
        {"answerback", "\x05", ""},
        {"mouse", "\x1b[?1000h\x1b[?1006h", ""},
        {"bracketed paste", "\x1b[?2004h", ""},
        {"several modes in one", "\x1b[?25;1000h", ""},
        {"keyboard protocol", "\x1b[>1u\x1b[=1u\x1b[>4;2m", ""},
        {"full reset",
         "\x1b"
         "c",
         ""},
        {"8-bit CSI and OSC",
         "\x9b"
         "31m\xC2\x9b"
         "6n",
         "\xEF\xBF\xBD"
         "31m6n"},
        {"a sequence without end", "\x1b[" + std::string(200, '1') + "mx", "x"},
        {"a string without end", "\x1b]0;" + std::string(5000, 'x'), ""},
        {"cancelled",
         "\x1b[3\x18"
         "1mx",
         "1mx"},
        {"a control inside a sequence", "\x1b[3\r1mx", "\r\x1b[31mx"},
    }));
    CAPTURE(row.what);
    TerminalFilter whole;
    CHECK(whole.feed(row.sent) == row.passed);
    TerminalFilter pieces;
    std::string passed;
    for (char const c : row.sent)
        passed += pieces.feed({&c, 1});
    CHECK(passed == row.passed);
}

TEST_CASE("corrections at a prompt appear as the person saw them")
{
    TerminalText text;
    std::string all = text.feed("$ lx\b \bs\r\nprogress 10%\rprogress 99%\r\n");
    all += text.feed("abc\x1b[2D\x1b[Kz\r\n\tx\r\nunfinished");
    all += text.finish();
    CHECK(all == "$ ls\nprogress 99%\naz\n        x\nunfinished\n");
}

TEST_CASE("a line without end is cut, not grown for ever")
{
    TerminalText text;
    auto all = text.feed(std::string(10'000, 'x'));
    all += text.finish();
    CHECK(std::ranges::count(all, '\n') == 3);
    TerminalText inserts;
    (void)inserts.feed("x\x1b[4000D");
    for (int i = 0; i < 100; ++i)
        (void)inserts.feed("\x1b[4000@");
    CHECK(inserts.finish().size() < 5000);
}

TEST_CASE("invalid UTF-8 becomes replacement characters, whatever the pieces")
{
    std::string const bytes = "a\xC0\x80\xED\xA0\x80\xF5\xE2\x82\xC3\xA9\xF0\x9F\x98";
    Utf8Carry whole;
    auto expected = whole.feed(bytes);
    expected += whole.finish();
    Utf8Carry pieces;
    std::string got;
    for (char const c : bytes)
        got += pieces.feed({&c, 1});
    got += pieces.finish();
    CHECK(got == expected);
    CHECK(json::parse(json::serialize(json::string_view{expected})).as_string() == expected);
}

TEST_CASE("the commands printed in a pack's readme work as they stand")
{
    TemporaryFolder const root;
    auto sample = talkative();
    sample.interrupted = GENERATE(false, true);
    auto const kind = GENERATE(KeyKind::rsa3072, KeyKind::p384);
    make_recording(root.path() + "/one", sample);
    auto second = small_sample();
    second.session = "S-SECOND";
    make_recording(root.path() + "/two", second);
    auto const pack = root.path() + "/pack";
    must(write_pack(
        {root.path() + "/one", root.path() + "/two"},
        pack,
        {{"preuve", identity(KeyKind::p256).certificate}}
    ));
    CHECK(content_of(pack + "/verifier.sh") == content_of(ECLUSE_SHELL_VERIFIER));

    std::istringstream lines{content_of(pack + "/LISEZMOI.txt")};
    std::string commands = "set -e\ncd " + pack + "\n";
    for (std::string line; std::getline(lines, line);) {
        CHECK(line.find('@') == std::string::npos);
        if (!line.starts_with("    ")) continue;
        // The last ones clean up; the test looks at the result first.
        if (line.find("rm -f") != std::string::npos) commands += "cat clair.bin\n";
        auto command = line.substr(4);
        if (kind == KeyKind::p384) {
            auto const at = command.find("key-rssi.cms");
            if (at != std::string::npos) command.replace(at, 12, "key-escrow.cms");
        }
        commands += command + "\n";
    }
    overwrite(pack + "/cle-rssi.pem", identity(kind).key);
    overwrite(root.path() + "/commands.sh", commands);
    auto const ran = run_shell("/bin/sh " + root.path() + "/commands.sh");
    CAPTURE(ran.output);
    CHECK(ran.status == 0);
    CHECK(ran.output.find("S-SAMPLE1 : intègre") != std::string::npos);
    CHECK(ran.output.find("S-SECOND : intègre") != std::string::npos);
    CHECK(ran.output.find("Verified OK") != std::string::npos);
    CHECK(ran.output.find("S3cr3t!") != std::string::npos);
    CHECK(ran.output.find("ecluse-segment 1 S-SAMPLE1 2\n") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(pack + "/K.bin"));
    CHECK(
        run_shell("cd " + pack + " && sh verifier.sh -c certificats/preuve.pem S-SAMPLE1 S-SECOND")
            .status == 0
    );
}

TEST_CASE("a pack is never written over something")
{
    TemporaryFolder const root;
    make_recording(root.path() + "/one", small_sample());
    std::filesystem::create_directory(root.path() + "/pack");
    CHECK_FALSE(write_pack({root.path() + "/one"}, root.path() + "/pack"));
    CHECK_FALSE(write_pack({root.path() + "/one"}, root.path() + "/fresh", {{"../x", "pem"}}));
    CHECK_FALSE(write_pack(std::vector<std::string>{}, root.path() + "/empty"));
}
