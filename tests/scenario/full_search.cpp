#include "common/bytes.h"
#include "recorder/format/reader.h"
#include "tests/support/eventually.h"
#include "tests/support/full_stack.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <unistd.h>

using namespace ecluse;
using namespace ecluse::test;
namespace fs = std::filesystem;

namespace {

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

class Searcher {
public:
    explicit Searcher(FullStack& stack) : stack_{stack} {}

    Ran search(
        std::string const& words,
        std::vector<std::string> more = {},
        std::string const& who = "r.amrani"
    )
    {
        std::vector<std::string> typed{
            "recording",
            "search",
            words,
            "--reason",
            "plainte du 3 mars",
            "--key-file",
            stack_.path("remise/rssi.p12"),
            "--passphrase-file",
            stack_.path("passphrase")};
        typed.insert(typed.end(), more.begin(), more.end());
        return stack_.people().as(who, typed);
    }
    /// The first hit: its session and second.
    json::object first(std::string const& words, std::vector<std::string> more = {})
    {
        auto const ran = search(words, std::move(more));
        INFO(words << "\n" << ran.out << ran.err);
        REQUIRE(ran.exit == 0);
        auto const shown = ran.json();
        REQUIRE(shown.at("sessions").as_array().size() == 1);
        auto const& session = shown.at("sessions").at(0).as_object();
        json::object hit = session.at("hits").at(0).as_object();
        hit["session"] = session.at("session");
        return hit;
    }
    std::size_t found(std::string const& words, std::vector<std::string> more = {})
    {
        auto const ran = search(words, std::move(more));
        INFO(words << "\n" << ran.out << ran.err);
        REQUIRE(ran.exit == 0);
        return ran.json().at("sessions").as_array().size();
    }

private:
    FullStack& stack_;
};

/// A login that asks as a page does, over the operator's socket.
class Page {
public:
    explicit Page(FullStack& stack)
        : stack_{stack}, socket_{stack.people().socket()}, token_{stack.people().token("r.amrani")}
    {
    }
    /// The answer, a document put in its place.
    json::object ask(std::string const& request, json::object fields)
    {
        fields["do"] = request;
        fields["id"] = ++last_id_;
        fields["token"] = token_;
        must(socket_.send(fields));
        auto const packet = must(socket_.receive(std::chrono::seconds{20}));
        REQUIRE(packet.has_value());
        auto answer = must(parse_object(packet->json));
        if (packet->descriptors.empty()) return answer;
        return must(parse_object(must(read_all(packet->descriptors[0].get(), 1 << 20))));
    }
    std::string code(std::string const& request, json::object fields)
    {
        auto const answer = ask(request, std::move(fields));
        auto const* const error = answer.if_contains("error");
        return error ? std::string{error->at("code").as_string()} : "";
    }
    /// "SESSION K" of every recording, opened with the RSSI's key.
    json::array keys(json::object const& batch)
    {
        auto passphrase = must(read_file(stack_.path("passphrase"), 4096));
        while (passphrase.ends_with('\n'))
            passphrase.pop_back();
        auto const key = must(recording::ReadingKey::open(
            must(read_file(stack_.path("remise/rssi.p12"), 65536)), Secret{passphrase}
        ));
        json::array lines;
        for (auto const& one : batch.at("keys").as_array()) {
            auto const session = std::string{one.at("session").as_string()};
            for (auto const& entry : fs::recursive_directory_iterator{stack_.path("recordings")}) {
                if (entry.path().filename() != session || entry.is_symlink()) continue;
                auto const opened = must(recording::Recording::open(
                    must(recording::RecordingFiles::from_folder(entry.path().string()))
                ));
                auto const content = must(opened.unlock(key));
                lines.emplace_back(session + " " + to_base64(content.reveal()));
            }
        }
        return lines;
    }

private:
    FullStack& stack_;
    PacketSocket socket_;
    std::string token_;
    std::int64_t last_id_ = 1;
};

/// Those that this test's policyd started.
std::size_t search_processes(FullStack& stack)
{
    std::size_t count = 0;
    for (auto const& entry : fs::directory_iterator{"/proc"}) {
        auto const status = read_file(entry.path().string() + "/status", 64 * 1024);
        if (!status || !status->starts_with("Name:\tecluse-search\n")) continue;
        auto const at = status->find("\nPPid:\t") + 7;
        auto const parent = status->substr(at, status->find('\n', at) - at);
        auto const command = read_file("/proc/" + parent + "/cmdline", 64 * 1024);
        if (command && contains(*command, stack.root())) ++count;
    }
    return count;
}

} // namespace

TEST_CASE(
    "the RSSI finds the right second of the right session by a word typed and by a word shown",
    "[CLAUSIER:O-6.3][WEB:HE6]"
)
{
    FullStack stack;
    auto& people = stack.people();
    auto const window = stack.open_window();
    CHECK(stack.ssh({"echo sans-rapport"}).status == 0);
    auto const shell = stack.live_shell();
    shell->write("echo travail-$((40+2)) sauvegard\xC3\xA9\r");
    stack.await(*shell, "travail-42");
    shell->write("exit\r");
    CHECK(shell->finish().status == 0);
    stack.wait_until_sealed(2);
    auto const second = std::string{stack.sessions()[0].as_object().at("session").as_string()};

    Searcher rssi{stack};
    // Shown by the target only, and typed by the vendor: accents and case make no difference.
    auto const shown = rssi.first("\"travail 42\"");
    CHECK(shown.at("session").as_string() == second);
    CHECK(shown.at("kind").as_string() == "shown");
    auto const typed = rssi.first("SAUVEGARDE", {"--kind", "typed"});
    CHECK(typed.at("session").as_string() == second);
    CHECK(contains(json::serialize(typed.at("text")), "sauvegardé"));
    // Typed, then answered: within two seconds of each other.
    auto const apart =
        shown.at("at_ms").to_number<std::int64_t>() - typed.at("at_ms").to_number<std::int64_t>();
    CHECK(std::abs(apart) <= 2000);
    CHECK(rssi.found("sans-rapport") == 1);
    CHECK(rssi.found("introuvable") == 0);
    CHECK(rssi.found("\"*( OR ^:") == 0);
    // Filters, and what they leave out.
    CHECK(rssi.found("sauvegarde", {"--asset", "irm-1", "--person", "n.belkacem"}) == 1);
    CHECK(rssi.found("sauvegarde", {"--asset", "scanner-1"}) == 0);
    CHECK(rssi.found("sauvegarde", {"--to", "2020-01-01 00:00"}) == 0);

    // Nothing of it in clear on the disk.
    std::size_t texts = 0;
    for (auto const& entry : fs::recursive_directory_iterator{stack.path("recordings")}) {
        if (!entry.is_regular_file()) continue;
        auto const bytes = must(read_file(entry.path().string(), 64 * 1024 * 1024));
        CHECK_FALSE(contains(bytes, "sauvegard"));
        if (entry.path().filename() == "text.bin") ++texts;
    }
    CHECK(texts == 2);

    // Every search has its line: who, why, what was in reach; the words are not in it.
    auto const events = stack.events("recording.searched");
    REQUIRE_FALSE(events.empty());
    auto const told = json::serialize(events);
    CHECK(contains(told, "plainte du 3 mars"));
    CHECK_FALSE(contains(told, "sauvegarde"));
    CHECK_FALSE(contains(told, "SAUVEGARDE"));

    // Nobody else, and not without a reason or the key.
    CHECK(rssi.search("sauvegarde", {}, "c.leroy").code() == "E-DRT-01");
    CHECK(rssi.search("sauvegarde", {}, "a.petit").code() == "E-DRT-01");
    CHECK(rssi.search("sauvegarde", {}, "n.belkacem").code() == "E-DRT-01");
    CHECK(rssi.search("sauvegarde", {"--reason", " "}).exit != 0);
    people.write("mauvaise", "pas la bonne\n");
    CHECK(
        people
            .as("r.amrani",
                {"recording",
                 "search",
                 "x",
                 "--reason",
                 "y",
                 "--key-file",
                 stack.path("remise/rssi.p12"),
                 "--passphrase-file",
                 stack.path("mauvaise")})
            .exit != 0
    );

    // An altered text is not searched, and that is said.
    for (auto const& entry : fs::recursive_directory_iterator{stack.path("recordings")}) {
        if (entry.path().filename() != "text.bin") continue;
        auto bytes = must(read_file(entry.path().string(), 64 * 1024 * 1024));
        bytes.back() = static_cast<char>(bytes.back() ^ 1);
        must(write_file_durably(entry.path().string(), bytes));
    }
    auto const altered = rssi.search("sauvegarde");
    CHECK(altered.exit != 0);
}

TEST_CASE("an index of the server takes only keys that fit, answers one login, and ends with it")
{
    FullStack stack;
    auto& people = stack.people();
    auto const window = stack.open_window();
    CHECK(stack.ssh({"echo premi\xC3\xA8re-trace"}).status == 0);
    stack.wait_until_sealed(1);
    auto const before = search_processes(stack);

    Page page{stack};
    CHECK(page.ask("search.open", {{"reason", " "}}).at("ok") == false);
    auto const search =
        std::string{page.ask("search.open", {{"reason", "contrôle"}}).at("search").as_string()};
    CHECK(search_processes(stack) == before + 1);
    // No key was given yet: none is taken.
    CHECK(page.code("search.feed", {{"search", search}, {"keys", {"S-1 AAAA"}}}) == "E-SAI-01");
    auto const batch = page.ask("search.keys", {{"search", search}});
    CHECK(batch.at("left") == 0);
    auto const keys = page.keys(batch);
    REQUIRE(keys.size() == 1);
    auto const wrong = std::string{batch.at("keys").at(0).at("session").as_string()};
    auto progress = page.ask("search.feed", {{"search", search}, {"keys", keys}});
    CHECK(progress.at("read") == 1);
    CHECK(progress.at("unreadable") == 0);
    CHECK(progress.at("derived") == 0);
    CHECK(page.code("search.feed", {{"search", search}, {"keys", keys}}) == "E-SAI-01"); // once
    auto const found = page.ask("search.find", {{"search", search}, {"words", "PREMIERE trace"}});
    CHECK(found.at("sessions").as_array().size() == 1);
    CHECK(page.ask("search.find", {{"search", search}, {"words", "premiere"}, {"vendor", "Autre"}})
              .at("sessions")
              .as_array()
              .empty());

    // Another recording's key opens nothing, and that is counted.
    auto const again =
        std::string{page.ask("search.open", {{"reason", "contrôle"}}).at("search").as_string()};
    CHECK(page.code("search.find", {{"search", search}, {"words", "x"}}) == "E-RCH-02");
    (void)page.ask("search.keys", {{"search", again}});
    progress = page.ask(
        "search.feed",
        {{"search", again}, {"keys", {wrong + " " + to_base64(std::string(32, 'k'))}}}
    );
    CHECK(progress.at("unreadable") == 1);
    CHECK(page.ask("search.find", {{"search", again}, {"words", "premiere"}})
              .at("sessions")
              .as_array()
              .empty());

    // Each login its own; not more than four.
    std::vector<std::unique_ptr<Page>> others;
    for (int i = 0; i < 4; ++i) {
        people.login("r.amrani");
        others.push_back(std::make_unique<Page>(stack));
        CHECK(
            others.back()->code("search.find", {{"search", again}, {"words", "x"}}) == "E-RCH-02"
        );
        auto const opened = others.back()->code("search.open", {{"reason", "contrôle"}});
        CHECK(opened == (i < 3 ? "" : "E-RCH-01"));
    }
    CHECK(search_processes(stack) == before + 4);
    // The last login that has one leaves: its index goes, without being asked.
    CHECK(others[2]->ask("logout", {}).at("ok") == true);
    eventually([&] { return search_processes(stack) <= before + 3; });
    CHECK(search_processes(stack) == before + 3);
}
