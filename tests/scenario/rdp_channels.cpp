#include "tests/support/rdp_rig.h"

#include <boost/json.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace ecluse::test;
using namespace std::chrono_literals;
namespace json = boost::json;

/// The virtual channels of a desktop, with the stock client and a real xrdp: what the window grants
/// passes and is named, what it does not grant does not (docs/requests.md §3bis).

namespace {

constexpr auto start_limit = 60s;

void grant(RdpRig& rig, std::vector<std::string> more)
{
    more.insert(more.begin(), "desktop");
    rig.policy().change([&](auto& script) { script.functions = more; });
}

std::unique_ptr<Program> open_desktop(RdpRig& rig, std::vector<std::string> const& options)
{
    auto client = rig.connect(ScriptedPolicy::Script{}.ticket, options);
    INFO(rig.target().logs());
    REQUIRE(rig.desk().desktop_comes(start_limit));
    rig.desk().click(300, 300);
    return client;
}

void type_line(RdpRig& rig, std::string const& line)
{
    rig.desk().type(line);
    rig.desk().key("Return");
}

std::string sha256_of(std::string const& text)
{
    return run({"sha256sum"}, text).out.substr(0, 64);
}

std::string write_file(std::string const& path, std::size_t bytes)
{
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i)
        text += "ligne " + std::to_string(i) + "\n";
    text.resize(bytes);
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
    std::ofstream{path, std::ios::binary} << text;
    return text;
}

/// The one event of this type about this, waited for.
json::object event_about(RdpRig& rig, std::string_view type, auto const& is_about)
{
    auto const until = std::chrono::steady_clock::now() + 15s;
    do {
        for (auto const& event : rig.policy().events(type))
            if (is_about(event)) return event;
    } while (!rig.policy().wait_for("no such request", 1, 1s) &&
             std::chrono::steady_clock::now() < until);
    return {};
}

json::object transfer_of(RdpRig& rig, std::string_view name)
{
    return event_about(rig, "transfer", [&](json::object const& event) {
        return std::string_view{event.at("name").as_string()}.ends_with(name);
    });
}

} // namespace

TEST_CASE(
    "granted text is pasted on the other side, counted, hashed and recorded",
    "[rdp][CLAUSIER:O-12.2.5.3]"
)
{
    RdpRig rig;
    grant(rig, {"clipboard_in", "clipboard_out"});
    auto const client = open_desktop(rig, {"/clipboard"});

    std::string const in = "échographe n°7 : 12 €";
    rig.desk().copy(in);
    type_line(rig, "sleep 2; xclip -o -selection clipboard -t UTF8_STRING >colle");
    CHECK(rig.target().wait_for_file("desk1", "colle", in, start_limit));
    auto const came_in = event_about(rig, "clipboard", [](json::object const& event) {
        return event.at("direction") == "in";
    });
    REQUIRE(!came_in.empty());
    CHECK(came_in.at("sha256").as_string().size() == 64);
    CHECK(came_in.at("bytes").as_int64() >= static_cast<std::int64_t>(in.size()));
    CHECK(came_in.if_contains("text") == nullptr);
    CHECK(rig.policy().recorded('e').find(in) != std::string::npos);

    type_line(rig, "printf 'sorti %s' 42 | xclip -selection clipboard");
    CHECK(rig.desk().pastes("sorti 42", start_limit));
    auto const went_out = event_about(rig, "clipboard", [](json::object const& event) {
        return event.at("direction") == "out";
    });
    REQUIRE(!went_out.empty());
    CHECK(rig.policy().recorded('e').find("sorti 42") != std::string::npos);
    CHECK(rig.policy().events("function_refused").empty());
}

TEST_CASE(
    "text that is not granted does not pass, and the journal hears of it once",
    "[rdp][CLAUSIER:O-12.2.5.3]"
)
{
    RdpRig rig;
    grant(rig, {"clipboard_out"});
    auto const client = open_desktop(rig, {"/clipboard", "/sound:sys:fake", "/printer"});

    // What is granted passes, so that what does not pass is refused and not merely slow.
    type_line(rig, "printf permis | xclip -selection clipboard");
    REQUIRE(rig.desk().pastes("permis", start_limit));

    for (auto const* const text : {"interdit", "encore interdit"}) {
        rig.desk().copy(text);
        type_line(
            rig, "sleep 1; xclip -o -selection clipboard -t UTF8_STRING >colle; echo fini >>fin"
        );
        CHECK(rig.target().wait_for_file("desk1", "fin", "fini", start_limit));
    }
    CHECK(rig.target().file("desk1", "colle").find("interdit") == std::string::npos);
    CHECK(rig.policy().recorded('e').find("interdit") == std::string::npos);
    auto const refused = rig.policy().events("function_refused");
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].at("what") == "clipboard_in");
    CHECK(rig.policy().recorded('e').find("function_refused") != std::string::npos);
    // Sound, printers and drives are not granted either: their channels are refused by name.
    std::vector<std::string> names;
    for (auto const& event : rig.policy().events("forward_refused")) {
        CHECK(event.at("what") == "channel");
        names.emplace_back(event.at("detail").as_string());
    }
    std::sort(names.begin(), names.end());
    CHECK(std::find(names.begin(), names.end(), "rdpdr") != names.end());
    CHECK(std::find(names.begin(), names.end(), "rdpsnd") != names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("a clipboard text beyond the limit is refused", "[rdp][CLAUSIER:O-12.2.5.3]")
{
    RdpRig rig;
    grant(rig, {"clipboard_in"});
    auto const client = open_desktop(rig, {"/clipboard"});
    // The scripted policy allows a million bytes; a character is two on the wire.
    rig.desk().copy(std::string(600'000, 'x'));
    type_line(rig, "sleep 2; xclip -o -selection clipboard -t UTF8_STRING >colle; echo fini >fin");
    REQUIRE(rig.target().wait_for_file("desk1", "fin", "fini", start_limit));
    CHECK(rig.target().file("desk1", "colle").find("xxx") == std::string::npos);
    auto const refused = rig.policy().events("function_refused");
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].at("what") == "clipboard_in");
    CHECK(rig.policy().events("clipboard").empty());
}

TEST_CASE(
    "files of the vendor's drive come and go with their names, sizes and hashes",
    "[rdp][CLAUSIER:O-12.2.5.3]"
)
{
    RdpRig rig;
    grant(rig, {"file_up", "file_down"});
    auto const shared = rig.desk().folder() + "/partage";
    auto const text = write_file(shared + "/correctif.bin", 300'000);
    auto const client = open_desktop(rig, {"/drive:partage," + shared});

    type_line(rig, "cat thinclient_drives/partage/correctif.bin >recu; sha256sum <recu >somme");
    REQUIRE(rig.target().wait_for_file("desk1", "somme", sha256_of(text), start_limit));
    auto const up = transfer_of(rig, "correctif.bin");
    REQUIRE(!up.empty());
    CHECK(up.at("protocol") == "rdp_drive");
    CHECK(up.at("direction") == "up");
    CHECK(up.at("bytes") == 300'000);
    CHECK(up.at("sha256").as_string() == sha256_of(text));

    type_line(
        rig,
        "seq 40000 >journal; cat journal >thinclient_drives/partage/journal.txt; echo copie >fin"
    );
    REQUIRE(rig.target().wait_for_file("desk1", "fin", "copie", start_limit));
    auto const down = transfer_of(rig, "journal.txt");
    REQUIRE(!down.empty());
    CHECK(down.at("direction") == "down");
    std::ifstream file{shared + "/journal.txt", std::ios::binary};
    std::string const received{std::istreambuf_iterator<char>{file}, {}};
    CHECK(received == rig.target().file("desk1", "journal"));
    CHECK(down.at("bytes").as_int64() == static_cast<std::int64_t>(received.size()));
    CHECK(down.at("sha256").as_string() == sha256_of(received));
    CHECK(rig.policy().recorded('e').find(sha256_of(received)) != std::string::npos);
}

TEST_CASE(
    "a drive of which only one direction is granted gives nothing the other way",
    "[rdp][CLAUSIER:O-12.2.5.3]"
)
{
    RdpRig rig;
    grant(rig, {"file_down"});
    auto const shared = rig.desk().folder() + "/partage";
    (void)write_file(shared + "/outil.bin", 5'000);
    auto const client = open_desktop(rig, {"/drive:partage," + shared});

    type_line(rig, "cat thinclient_drives/partage/outil.bin >recu; echo essai >fin");
    REQUIRE(rig.target().wait_for_file("desk1", "fin", "essai", start_limit));
    CHECK(rig.target().file("desk1", "recu").empty());
    auto const refused = event_about(rig, "function_refused", [](json::object const& event) {
        return event.at("what") == "file_up";
    });
    CHECK(!refused.empty());
    for (auto const& transfer : rig.policy().events("transfer"))
        CHECK(transfer.at("direction") == "down");
}

TEST_CASE(
    "a file copied by the clipboard arrives with its name, size and hash",
    "[rdp][CLAUSIER:O-12.2.5.3]"
)
{
    RdpRig rig;
    grant(rig, {"file_up"});
    auto const path = rig.desk().folder() + "/rapport.pdf";
    auto const text = write_file(path, 120'000);
    auto const client = open_desktop(rig, {"/clipboard"});

    rig.desk().copy("file://" + path + "\r\n", "text/uri-list");
    type_line(
        rig,
        "sleep 3; xclip -o -selection clipboard -t text/uri-list >liste; "
        "cat thinclient_drives/.clipboard/rapport.pdf >recu; sha256sum <recu >somme"
    );
    CHECK(rig.target().wait_for_file("desk1", "somme", sha256_of(text), start_limit));
    INFO(rig.target().file("desk1", "liste"));
    auto const up = transfer_of(rig, "rapport.pdf");
    REQUIRE(!up.empty());
    CHECK(up.at("protocol") == "rdp_clipboard");
    CHECK(up.at("direction") == "up");
    CHECK(up.at("bytes") == 120'000);
    CHECK(up.at("sha256").as_string() == sha256_of(text));
}
