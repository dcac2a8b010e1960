#include "tests/support/rdp_rig.h"

#include <boost/json.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>

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
