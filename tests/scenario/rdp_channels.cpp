#include "common/bytes.h"
#include "tests/support/rdp_rig.h"

#include <boost/json.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <utility>

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

/// Files of the other side are shown by FUSE, on the target as on the technician's computer.
void need_fuse()
{
    if (!std::filesystem::exists("/dev/fuse")) SKIP("no /dev/fuse");
    if (run({"which", "fusermount3"}).status != 0) SKIP("fuse3 is not installed");
}

void type_line(RdpRig& rig, std::string const& line)
{
    rig.desk().type(line);
    rig.desk().key("Return");
}

/// A file of the technician's computer, of this many bytes that do not repeat.
std::string make_file(std::string const& path, std::size_t size)
{
    std::mt19937 random{static_cast<std::mt19937::result_type>(size)};
    std::string bytes(size, '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
    std::ofstream{path, std::ios::binary} << bytes;
    return ecluse::to_hex(ecluse::sha256(bytes));
}

std::string read_all(std::string const& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// Typed on the target: the drive may come a moment after the desktop.
constexpr auto fetch_from_bag =
    "until cp thinclient_drives/valise/outil.bin .; do sleep 1; done; sha256sum outil.bin >somme";

bool says(json::object const& event, std::string_view field, std::string_view text)
{
    return std::string_view{event.at(field).as_string()} == text;
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
    auto const bag = rig.desk().folder() + "/valise";
    make_file(bag + "/outil.bin", 100);
    auto const client = open_desktop(
        rig, {"/clipboard", "/sound:sys:fake", "/printer:Laser", "/drive:valise," + bag}
    );

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
    type_line(rig, "ls thinclient_drives >liste; echo la >la");
    REQUIRE(rig.target().wait_for_file("desk1", "la", "la", start_limit));
    CHECK(rig.target().file("desk1", "liste").find("valise") == std::string::npos);
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
    // Whoever pastes what never comes would wait for ever.
    type_line(
        rig,
        "sleep 2; timeout 8 xclip -o -selection clipboard -t UTF8_STRING >colle; echo fini >fin"
    );
    REQUIRE(rig.target().wait_for_file("desk1", "fin", "fini", start_limit));
    CHECK(rig.target().file("desk1", "colle").find("xxx") == std::string::npos);
    auto const refused = rig.policy().events("function_refused");
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].at("what") == "clipboard_in");
    CHECK(rig.policy().events("clipboard").empty());
}

TEST_CASE(
    "a granted drive carries files both ways, each named, hashed and recorded",
    "[rdp][CLAUSIER:O-12.2.5.3]"
)
{
    need_fuse();
    RdpRig rig;
    grant(rig, {"file_up", "file_down"});
    auto const bag = rig.desk().folder() + "/valise";
    auto const digest = make_file(bag + "/outil.bin", 300'000);
    auto const client = open_desktop(rig, {"/drive:valise," + bag});

    type_line(rig, fetch_from_bag);
    REQUIRE(rig.target().wait_for_file("desk1", "somme", digest, start_limit));
    auto const up = event_about(rig, "transfer", [](json::object const& event) {
        return event.at("direction") == "up" && says(event, "name", "\\outil.bin");
    });
    REQUIRE(!up.empty());
    CHECK(up.at("protocol") == "rdp_drive");
    CHECK(up.at("bytes") == 300'000);
    CHECK(up.at("sha256").as_string() == digest);
    CHECK(up.at("complete") == true);

    type_line(
        rig,
        "seq 40000 >releve.log; sha256sum releve.log >releve; cp releve.log "
        "thinclient_drives/valise && echo fini >fin"
    );
    REQUIRE(rig.target().wait_for_file("desk1", "fin", "fini", start_limit));
    auto const down = event_about(rig, "transfer", [](json::object const& event) {
        return event.at("direction") == "down" && says(event, "name", "\\releve.log");
    });
    REQUIRE(!down.empty());
    auto const taken = ecluse::to_hex(ecluse::sha256(read_all(bag + "/releve.log")));
    CHECK(rig.target().file("desk1", "releve").find(taken) == 0);
    CHECK(down.at("sha256").as_string() == taken);
    CHECK(down.at("complete") == true);
    CHECK(rig.policy().recorded('e').find(digest) != std::string::npos);
    CHECK(rig.policy().recorded('e').find(taken) != std::string::npos);

    type_line(rig, "cd thinclient_drives/valise; mv releve.log lu.log; rm outil.bin; cd");
    auto const is_operation = [](std::string_view what) {
        return [what](json::object const& event) { return says(event, "operation", what); };
    };
    auto const renamed = event_about(rig, "file", is_operation("rename"));
    REQUIRE(!renamed.empty());
    CHECK(renamed.at("name") == "\\releve.log");
    CHECK(renamed.at("to") == "\\lu.log");
    auto const removed = event_about(rig, "file", is_operation("remove"));
    REQUIRE(!removed.empty());
    CHECK(removed.at("name") == "\\outil.bin");
    CHECK(std::filesystem::exists(bag + "/lu.log"));
    CHECK(rig.policy().events("function_refused").empty());
}

TEST_CASE(
    "a drive carries files only the way that is granted; printers, ports and cards never come",
    "[rdp][CLAUSIER:O-12.2.5.3]"
)
{
    need_fuse();
    RdpRig rig;
    grant(rig, {"file_up"});
    auto const bag = rig.desk().folder() + "/valise";
    auto const digest = make_file(bag + "/outil.bin", 5'000);
    auto const client = open_desktop(
        rig,
        {"/drive:valise," + bag,
         "/printer:Laser,MS Publisher Imagesetter",
         "/smartcard",
         "/serial:COM1,/dev/ttyS0",
         "/parallel:LPT1,/dev/null"}
    );
    type_line(rig, fetch_from_bag);
    REQUIRE(rig.target().wait_for_file("desk1", "somme", digest, start_limit));
    type_line(rig, "cp outil.bin thinclient_drives/valise/sorti.bin; echo fini >fin");
    REQUIRE(rig.target().wait_for_file("desk1", "fin", "fini", start_limit));
    CHECK_FALSE(std::filesystem::exists(bag + "/sorti.bin"));

    auto const is_about = [](std::string_view what) {
        return [what](json::object const& event) {
            return says(event, "what", what) || says(event, "detail", what);
        };
    };
    CHECK(!event_about(rig, "function_refused", is_about("file_down")).empty());
    CHECK(!event_about(rig, "function_refused", is_about("printer")).empty());
    for (auto const* const device : {"smart card", "serial port", "parallel port"}) {
        CAPTURE(device);
        CHECK(
            !event_about(rig, "forward_refused", is_about("rdpdr: " + std::string{device})).empty()
        );
    }
    for (auto const& event : rig.policy().events("transfer"))
        CHECK(event.at("direction") == "up");
}

TEST_CASE(
    "granted files pass the clipboard both ways, each named, hashed and recorded",
    "[rdp][CLAUSIER:O-12.2.5.3]"
)
{
    need_fuse();
    RdpRig rig;
    grant(rig, {"file_up", "file_down"});
    auto const source = rig.desk().folder() + "/valise/notice.pdf";
    auto const digest = make_file(source, 200'000);
    auto const client = open_desktop(rig, {"/clipboard"});

    rig.desk().copy("file://" + source, "text/uri-list");
    type_line(
        rig,
        "until cp thinclient_drives/.clipboard/notice.pdf .; do sleep 1; xclip -o -selection "
        "clipboard -t text/uri-list >uris; done; sha256sum notice.pdf >somme"
    );
    REQUIRE(rig.target().wait_for_file("desk1", "somme", digest, start_limit));
    auto const up = event_about(rig, "transfer", [](json::object const& event) {
        return event.at("direction") == "up";
    });
    REQUIRE(!up.empty());
    CHECK(up.at("protocol") == "rdp_clipboard");
    CHECK(up.at("name") == "notice.pdf");
    CHECK(up.at("bytes") == 200'000);
    CHECK(up.at("sha256").as_string() == digest);
    CHECK(up.at("complete") == true);
    CHECK(rig.policy().recorded('e').find(digest) != std::string::npos);

    type_line(
        rig,
        "seq 40000 >releve.log; sha256sum releve.log >releve; printf \"file://$HOME/releve.log\" | "
        "xclip -selection clipboard -t text/uri-list"
    );
    REQUIRE(rig.target().wait_for_file("desk1", "releve", "releve.log", start_limit));
    std::string uris;
    for (auto const until = std::chrono::steady_clock::now() + start_limit;
         std::chrono::steady_clock::now() < until && uris.find("releve.log") == std::string::npos;)
        uris = rig.desk().paste("text/uri-list");
    INFO(uris);
    auto const begin = uris.find("file://");
    REQUIRE(begin != std::string::npos);
    auto const pasted = uris.substr(begin + 7, uris.find_first_of("\r\n", begin) - begin - 7);
    auto const taken = ecluse::to_hex(ecluse::sha256(read_all(pasted)));
    CHECK(rig.target().file("desk1", "releve").find(taken) == 0);
    auto const down = event_about(rig, "transfer", [](json::object const& event) {
        return event.at("direction") == "down";
    });
    REQUIRE(!down.empty());
    CHECK(down.at("name") == "releve.log");
    CHECK(down.at("sha256").as_string() == taken);
    CHECK(down.at("complete") == true);
    CHECK(rig.policy().recorded('e').find(taken) != std::string::npos);
    CHECK(rig.policy().events("function_refused").empty());
}

TEST_CASE(
    "files that are not granted do not pass the clipboard, and the journal hears of it",
    "[rdp][CLAUSIER:O-12.2.5.3]"
)
{
    need_fuse();
    RdpRig rig;
    grant(rig, {"clipboard_in", "clipboard_out"});
    auto const source = rig.desk().folder() + "/valise/notice.pdf";
    make_file(source, 3'000);
    auto const client = open_desktop(rig, {"/clipboard"});

    rig.desk().copy("file://" + source, "text/uri-list");
    CHECK(!event_about(rig, "function_refused", [](json::object const& event) {
               return says(event, "what", "file_up");
           }).empty());
    type_line(rig, "cp thinclient_drives/.clipboard/notice.pdf .; echo fini >fin");
    REQUIRE(rig.target().wait_for_file("desk1", "fin", "fini", start_limit));
    CHECK(rig.target().file("desk1", "notice.pdf").empty());

    type_line(
        rig,
        "date >interdit; printf \"file://$HOME/interdit\" | xclip -selection clipboard -t "
        "text/uri-list"
    );
    CHECK(!event_about(rig, "function_refused", [](json::object const& event) {
               return says(event, "what", "file_down");
           }).empty());
    CHECK(rig.desk().paste("text/uri-list").find("interdit") == std::string::npos);
    // The text that is granted still passes.
    type_line(rig, "printf permis | xclip -selection clipboard");
    CHECK(rig.desk().pastes("permis", start_limit));
    CHECK(rig.policy().events("transfer").empty());
}

namespace {

/// A second of a note, given to xrdp's channel server as its sound driver does it.
constexpr auto play_note = R"(
import math, os, socket, struct, time
display = os.environ["DISPLAY"].split(":")[1].split(".")[0]
server = socket.socket(socket.AF_UNIX)
server.connect("/run/xrdp/sockdir/xrdp_chansrv_audio_out_socket_" + display)
note = [int(12000 * math.sin(2 * math.pi * 440 * i / 44100)) for i in range(44100)]
pcm = b"".join(struct.pack("<hh", s, s) for s in note)
for at in range(0, len(pcm), 8192):
    part = pcm[at:at + 8192]
    server.sendall(struct.pack("<II", 0, len(part) + 8) + part)
    time.sleep(len(part) / 176400)
server.sendall(struct.pack("<II", 1, 8))
open("joue", "w").write("joue")
time.sleep(2)
)";

/// How often the left channel of 16-bit stereo sound passes from below to above silence.
std::size_t rises(std::string const& pcm)
{
    std::size_t count = 0;
    bool was_below = false;
    for (std::size_t at = 0; at + 4 <= pcm.size(); at += 4) {
        std::int16_t sample = 0;
        std::memcpy(&sample, &pcm[at], sizeof sample);
        if (sample < -1000) was_below = true;
        if (sample > 1000 && std::exchange(was_below, false)) ++count;
    }
    return count;
}

} // namespace

TEST_CASE("sound is heard when it is granted", "[rdp][CLAUSIER:O-12.2.5.3]")
{
    RdpRig rig;
    grant(rig, {"sound"});
    auto const heard = rig.desk().plug_loudspeaker();
    rig.target().put_file("desk1", "note.py", play_note);
    auto const client = open_desktop(rig, {"/sound:sys:pulse", "/microphone:sys:pulse"});

    type_line(rig, "python3 note.py 2>faute");
    REQUIRE(rig.target().wait_for_file("desk1", "joue", "joue", start_limit));
    INFO(rig.target().file("desk1", "faute"));
    // A second of it has 440; codecs and buffers may take some of the ends.
    auto const until = std::chrono::steady_clock::now() + 15s;
    while (rises(read_all(heard)) < 400 && std::chrono::steady_clock::now() < until)
        (void)rig.policy().wait_for("no such request", 1, 1s);
    CHECK(rises(read_all(heard)) >= 400);
    CHECK(rises(read_all(heard)) <= 450);
    CHECK(rig.policy().events("function_refused").empty());
}

TEST_CASE("a desktop follows its client's window, and the recording follows it", "[rdp]")
{
    RdpRig rig;
    auto const client = open_desktop(rig, {"/dynamic-resolution"});
    rig.desk().resize(1000, 700);
    REQUIRE(rig.policy().wait_for_frame('e', R"("width":1000,"height":700)", start_limit));
    // What is typed while the client becomes active anew may be lost; people begin again.
    auto const until = std::chrono::steady_clock::now() + start_limit;
    do {
        rig.desk().key("ctrl+c");
        type_line(rig, "xdpyinfo >taille");
    } while (!rig.target().wait_for_file("desk1", "taille", " 1000x700 ", 5s) &&
             std::chrono::steady_clock::now() < until);
    for (auto const& end : rig.policy().requests("ended")) {
        auto const seen = client->finish(1s);
        FAIL_CHECK(end.at("reason").as_string() << "\n" << seen.out << seen.err);
    }
    CHECK(rig.target().file("desk1", "taille").find(" 1000x700 ") != std::string::npos);
    for (auto const& event : rig.policy().events("forward_refused"))
        CHECK(event.at("detail").as_string().find("::") == std::string::npos);
}
