#include "common/bytes.h"
#include "common/json.h"
#include "recorder/format/segment.h"
#include "recorder/search/index.h"
#include "recorder/search/query.h"
#include "recorder/search/source.h"
#include "recorder/text/session_text.h"
#include "tests/support/identity.h"
#include "tests/support/must.h"
#include "tests/support/recording_sample.h"

#include <algorithm>
#include <random>

using namespace ecluse;
using namespace ecluse::recording;
using namespace ecluse::test;

namespace {

struct Said {
    FrameKind kind;
    std::uint64_t at_us;
    std::string payload;
    std::uint16_t channel = 0;
};

std::string text_of(std::vector<Said> const& said)
{
    SessionText text;
    for (auto const& one : said) {
        std::string frame;
        append_frame(frame, one.kind, one.channel, one.at_us, one.payload);
        text.feed(frame);
    }
    return text.finish();
}

std::string key_down(std::string const& text, std::string const& name = {})
{
    json::object key{{"scan", 1}, {"extended", false}, {"down", true}};
    if (!text.empty()) key["text"] = text;
    if (!name.empty()) key["name"] = name;
    return json::serialize(key);
}

SessionFacts facts(std::string const& session, std::int64_t started_ms = 1000)
{
    return {session, "Nadia Belkacem", "P-1", "Imagelec", "V-1", "irm-1", "A-1", "W-1", started_ms};
}

SearchIndex index_of(std::vector<std::pair<SessionFacts, std::string>> const& sessions)
{
    auto index = must(SearchIndex::open());
    for (auto const& [about, text] : sessions)
        (void)must(index.add(about, text, ""));
    return index;
}

/// The sessions where it is found, "S-1 S-2".
std::string where(SearchIndex& index, SearchQuestion const& question)
{
    std::string found;
    auto const answer = must(index.find(question));
    for (auto const& session : answer.at("sessions").as_array())
        found += (found.empty() ? "" : " ") + std::string{session.at("session").as_string()};
    return found;
}

std::string where(SearchIndex& index, std::string const& words)
{
    SearchQuestion question;
    question.words = words;
    return where(index, question);
}

} // namespace

TEST_CASE("a terminal's text has what was typed and shown, with its moment, and nothing hidden")
{
    auto const text = text_of(
        {{FrameKind::resize, 1'000'000, "80x24"},
         {FrameKind::output, 1'100'000, "\x1b]0;root@irm: /srv\x07$ "},
         {FrameKind::input, 2'000'000, "lx\x7fs\r"},
         {FrameKind::output, 3'500'000, "\x1b[31msauve"},
         {FrameKind::output, 3'600'000, "gard\xC3"},
         {FrameKind::output, 3'700'000, "\xA9\x1b[0m\r\nsuite"},
         {FrameKind::hidden_input, 4'000'000, "S3cr3t!\r"},
         {FrameKind::event,
          5'000'000,
          R"({"type":"transfer","direction":"up","name":"plan.pdf","sha256":"ab12","bytes":3})"},
         {FrameKind::event, 6'000'000, R"({"type":"exec","command":"uptime"})"}}
    );
    CHECK(
        text == "100 title root@irm: /srv\n1000 typed ls\n"
                "2700 shown $ sauvegardé\n4000 file up plan.pdf ab12\n5000 command uptime\n"
                "2700 shown suite\n"
    );
}

TEST_CASE("a desktop's text has lines of keys, clipboard, files and no hidden key")
{
    auto const text = text_of(
        {{FrameKind::video, 1'000'000, "ftyp"},
         {FrameKind::key, 2'000'000, key_down("é")},
         {FrameKind::key, 2'100'000, key_down("x")},
         {FrameKind::key, 2'200'000, key_down("", "Backspace")},
         {FrameKind::key, 2'250'000, key_down("", "Shift")},
         {FrameKind::key, 2'300'000, key_down("t")},
         {FrameKind::key, 2'400'000, key_down("", "Enter")},
         {FrameKind::hidden_input, 3'000'000, key_down("S")},
         {FrameKind::event,
          4'000'000,
          R"({"type":"clipboard","direction":"in","text":"une\ndeux","sha256":"ff"})"},
         {FrameKind::event, 4'100'000, R"({"type":"click","button":"left","x":1,"y":2})"}}
    );
    CHECK(text == "1000 typed ét\n3000 clipboard une\n3000 clipboard deux\n");
}

TEST_CASE("hostile output makes neither a line of its own nor a text without bound")
{
    auto const forged = text_of(
        {{FrameKind::output,
          0,
          "a\x0b"
          "1 typed rm\x1b]2;t\n9 typed x\x07\r\n"}}
    );
    for_each_line(forged, [](SpokenLine const& line) {
        CHECK((line.kind == "shown" || line.kind == "title"));
        return true;
    });
    // What a screen repeats is said once; bytes of a file are not text.
    CHECK(text_of({{FrameKind::output, 0, "top\r\ntop\r\ntop\r\n"}}) == "0 shown top\n");
    CHECK(text_of({{FrameKind::bytes_down, 0, "\xff\xfe\x01\n"}}).empty());
    // A full-screen program moves about: rows do not run together.
    CHECK(
        text_of({{FrameKind::output, 0, "\x1b[1;1Hun\x1b[2;1Hdeux\r\n"}}) ==
        "0 shown un\n0 shown deux\n"
    );
    SessionText flood;
    std::mt19937 random{7};
    std::string frame;
    for (int i = 0; i < 120 && !flood.is_cut(); ++i) {
        frame.clear();
        std::string noise;
        for (int line = 0; line < 9000; ++line)
            noise += std::to_string(random()) + " " + std::to_string(random()) + "\r\n";
        noise.resize(std::min<std::size_t>(noise.size(), 190'000));
        append_frame(frame, FrameKind::output, static_cast<std::uint16_t>(i), 0, noise);
        flood.feed(frame);
    }
    CHECK(flood.is_cut());
    auto const text = flood.finish();
    CHECK(text.size() <= session_text_max);
    CHECK(text.ends_with(" cut \n"));
}

TEST_CASE("what is typed into a search is words, phrases and beginnings, and never a syntax error")
{
    CHECK(to_query("rm  -rf /") == R"("rm" "-rf")");
    CHECK(to_query(R"("deux mots" fin*)") == R"("deux mots" "fin"*)");
    CHECK(
        to_query(R"fts(a"b OR NEAR(x) text:y ^z)fts") ==
        R"fts("a""b" "OR" "NEAR(x)" "text:y" "^z")fts"
    );
    CHECK_FALSE(to_query(R"fts( "" - * ( ) ")fts"));
    CHECK_FALSE(to_query(""));
    auto index = index_of({{facts("S-1"), "0 typed a b OR x y z\n"}});
    std::mt19937 random{11};
    std::string const alphabet = "ab \"*()-+:^{},'ORNEARé\\\0;";
    for (int i = 0; i < 3000; ++i) {
        std::string words;
        for (int n = static_cast<int>(random() % 12); n >= 0; --n)
            words += alphabet[random() % (alphabet.size() - 1)];
        SearchQuestion question;
        question.words = words;
        CHECK(index.find(question).has_value());
    }
}

TEST_CASE("words are found without accents and case, as phrases and by their beginning")
{
    auto index = index_of(
        {{facts("S-1"), "1500 typed tar czf sauvegardé.tgz /srv\n2500 shown ÉTAT nominal\n"},
         {facts("S-2"), "0 shown etat\n"}}
    );
    CHECK(where(index, "SAUVEGARDE") == "S-1");
    CHECK(where(index, "état") == "S-1 S-2");
    CHECK(where(index, "\"czf sauvegarde\"") == "S-1");
    CHECK(where(index, "\"sauvegarde czf\"").empty());
    CHECK(where(index, "sauv*") == "S-1");
    CHECK(where(index, "sauv").empty());
    CHECK(where(index, "tar nominal").empty()); // in one line
    auto const found = must(index.find({"sauvegarde", "", "", "", "", 0, 0, 0}));
    auto const& hit = found.at("sessions").at(0).at("hits").at(0);
    CHECK(hit.at("at_ms") == 1500);
    CHECK(hit.at("kind") == "typed");
    CHECK(
        json::serialize(hit.at("text")) ==
        R"([["tar czf ",false],["sauvegardé",true],[".tgz /srv",false]])"
    );
}

TEST_CASE("a search is narrowed by person, vendor, asset, kind and dates, page after page")
{
    auto index = must(SearchIndex::open());
    for (int i = 0; i < 120; ++i) {
        auto about = facts("S-" + std::to_string(i), 200'000 - i * 1000);
        if (i % 2 == 1) about.asset = "irm-2";
        std::string text = "0 typed mot\n1 shown mot\n2 shown mot\n3 shown mot\n";
        (void)must(index.add(about, text, i == 5 ? "0 report rien mot\n" : ""));
    }
    SearchQuestion question;
    question.words = "mot";
    auto page = must(index.find(question));
    CHECK(page.at("sessions").as_array().size() == SearchIndex::sessions_per_page);
    CHECK(page.at("sessions").at(0).at("hits").as_array().size() == SearchIndex::hits_per_session);
    CHECK(page.at("sessions").at(0).at("more") == true);
    std::size_t seen = 0;
    for (json::value next = 0; !next.is_null(); next = page.at("next")) {
        question.after = next.to_number<std::size_t>();
        page = must(index.find(question));
        seen += page.at("sessions").as_array().size();
    }
    CHECK(seen == 120);
    question.after = 0;
    question.asset = "irm-2";
    question.to_ms = 100'000;
    question.from_ms = 98'000;
    CHECK(where(index, question) == "S-101");
    question = {};
    question.words = "mot";
    question.kind = "report";
    CHECK(where(index, question) == "S-5");
    question.person = "P-2";
    CHECK(where(index, question).empty());
}

TEST_CASE("a full memory is said, and what was read before is still found")
{
    auto index = must(SearchIndex::open(4L * 1024 * 1024));
    std::mt19937 random{3};
    Result<SearchIndex::Added> added = SearchIndex::Added{};
    for (int i = 0; i < 2000 && added; ++i) {
        std::string text = "0 typed repere\n";
        for (int line = 0; line < 200; ++line)
            text += "1 shown " + std::to_string(random()) + "\n";
        added = index.add(facts("S-" + std::to_string(i)), text, "");
    }
    REQUIRE_FALSE(added);
    CHECK(added.error().code == Errc::too_large);
    CHECK(index.is_full());
    CHECK(where(index, "repere").starts_with("S-0 S-1 "));
}

TEST_CASE("the text is read from beside the recording, and from the recording when there is none")
{
    TemporaryFolder const root;
    Sample sample = small_sample();
    struct Row {
        char const* what;
        bool with_text, interrupted, derived;
    };
    for (auto const& row :
         {Row{"beside", true, false, false},
          Row{"an old recording", false, false, true},
          Row{"after a crash", true, true, true}}) {
        CAPTURE(row.what);
        auto const folder = root.path() + "/" + row.what;
        sample.with_text = row.with_text;
        sample.interrupted = row.interrupted;
        make_recording(folder, sample);
        auto const opened = must(Recording::open(must(RecordingFiles::from_folder(folder))));
        auto const key =
            must(opened.unlock(must(ReadingKey::open(identity(KeyKind::p384).key, {}))));
        auto const found = must(find_text(opened, key));
        CHECK(found.text == "0 shown bonjour\n0 shown l\n0 typed l\n");
        CHECK(found.derived == row.derived);
        if (row.derived) continue;
        // Nothing in clear on the disk.
        CHECK(content_of(folder + "/text.bin").find("bonjour") == std::string::npos);
        auto bytes = content_of(folder + "/text.bin");
        bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
        overwrite(folder + "/text.bin", bytes);
        auto const altered = must(Recording::open(must(RecordingFiles::from_folder(folder))));
        CHECK(find_text(altered, key).error().code == Errc::corrupt);
    }
}
