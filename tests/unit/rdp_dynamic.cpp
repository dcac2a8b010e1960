#include "tests/support/rdp_pdu.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <string>
#include <vector>

using namespace ecluse::rdp;
using namespace ecluse::rdp::pdu;

namespace {

constexpr Limits limits{.clipboard_bytes_max = 0, .file_bytes_max = 0};
constexpr std::string_view graphics = "Microsoft::Windows::RDS::Graphics";

Grants granted(bool with_graphics, bool with_sound)
{
    return {
        .clipboard_in = false,
        .clipboard_out = false,
        .file_up = false,
        .file_down = false,
        .sound = with_sound,
        .graphics = with_graphics};
}

std::string byte(unsigned value)
{
    return {static_cast<char>(value)};
}
std::string create(unsigned id, std::string_view name)
{
    return byte(0x10) + byte(id) + std::string{name} + byte(0);
}
std::string created(unsigned id, std::uint32_t status)
{
    return byte(0x10) + byte(id) + u32(status);
}
std::string data(unsigned id, std::string const& bytes)
{
    return byte(0x30) + byte(id) + bytes;
}
/// A four-byte length.
std::string first(unsigned id, std::uint64_t total, std::string const& bytes)
{
    return byte(0x20 | 2U << 2) + byte(id) + u32(total) + bytes;
}
std::string close_of(unsigned id)
{
    return byte(0x40) + byte(id);
}

/// Channel 7 open under this name.
struct Open : Conversation {
    explicit Open(std::string_view name, Grants const& grants = granted(true, true))
        : Conversation{grants, limits, "drdynvc"}
    {
        REQUIRE(admission.allowed);
        REQUIRE(target_says(create(7, name)).to_vendor == create(7, name));
        REQUIRE(vendor_says(created(7, 0)).to_target == created(7, 0));
    }
};

} // namespace

namespace {

constexpr std::string_view display = "Microsoft::Windows::RDS::DisplayControl";

struct Monitor {
    std::uint32_t width;
    std::uint32_t height;
    std::uint32_t left = 0;
};
/// A client's wish; what is not named is as the gateway writes it.
std::string layout(std::vector<Monitor> const& monitors)
{
    auto bytes = u32(2) + u32(16 + monitors.size() * 40) + u32(40) + u32(monitors.size());
    for (auto const& one : monitors)
        bytes += u32(one.left == 0 ? 1 : 0) + u32(one.left) + u32(0) + u32(one.width) +
                 u32(one.height) + zeros(12) + u32(100) + u32(100);
    return bytes;
}
std::string display_limits(std::uint32_t monitors, std::uint32_t width, std::uint32_t height)
{
    return u32(5) + u32(20) + u32(monitors) + u32(width) + u32(height);
}

} // namespace

TEST_CASE("a desktop may be given another size, but no more than the recording keeps")
{
    Open channel{display, granted(false, false)};
    CHECK(
        channel.target_says(data(7, display_limits(16, 8192, 8192))).to_vendor ==
        data(7, display_limits(1, 4096, 2304))
    );
    CHECK(
        channel.target_says(data(7, display_limits(1, 1920, 1080))).to_vendor ==
        data(7, display_limits(1, 1920, 1080))
    );
    auto const wish = data(7, layout({{1000, 701}}));
    CHECK(channel.vendor_says(wish).to_target == wish);
    // The same once more would only make the target draw everything again.
    CHECK(channel.vendor_says(wish).to_target.empty());
    auto const widest = data(7, layout({{4096, 2304}}));
    CHECK(channel.vendor_says(widest).to_target == widest);
    CHECK(channel.vendor_says(wish).told.empty());
    auto turned = layout({{800, 600}});
    turned[40] = '\x5a';
    CHECK(channel.vendor_says(data(7, turned)).to_target == data(7, layout({{800, 600}})));
}

TEST_CASE("a layout that is no single desktop goes nowhere, and is told once")
{
    auto const monitors = GENERATE(values<std::vector<Monitor>>({
        {{1000, 700}, {1000, 700, 1000}},
        {{199, 700}},
        {{1000, 199}},
        {{1001, 700}},
        {{4098, 700}},
        {{1000, 2305}},
        {{0xfffffffe, 0xffffffff}},
    }));
    Open channel{display, granted(false, false)};
    auto const heard = channel.vendor_says(data(7, layout(monitors)));
    CHECK(heard.fault.empty());
    CHECK(heard.to_target.empty());
    REQUIRE(heard.told.size() == 1);
    CHECK(
        heard.told[0] == R"({"type":"forward_refused","what":"channel","detail":")" +
                             std::string{display} + R"(: layout"})"
    );
    CHECK(channel.vendor_says(data(7, layout(monitors))).told.empty());
}

TEST_CASE("malformed messages of the display channel end the session")
{
    Open channel{display, granted(false, false)};
    SECTION("from the vendor")
    {
        auto const bytes = GENERATE(
            as<std::string>{},
            "x",
            u32(2) + u32(16) + u32(40) + u32(0),
            u32(2) + u32(56) + u32(40) + u32(1) + zeros(39),
            u32(2) + u32(56) + u32(44) + u32(1) + zeros(40),
            u32(2) + u32(57) + u32(40) + u32(1) + zeros(40),
            u32(2) + u32(56) + u32(40) + u32(0xffffffff) + zeros(40),
            layout(std::vector<Monitor>(17, {800, 600})),
            display_limits(1, 800, 600)
        );
        CHECK_FALSE(channel.vendor_says(data(7, bytes)).fault.empty());
    }
    SECTION("from the target")
    {
        auto const bytes = GENERATE(
            as<std::string>{},
            "x",
            u32(5) + u32(16) + zeros(12),
            display_limits(0, 800, 600),
            display_limits(1, 800, 600) + zeros(4),
            layout({{800, 600}})
        );
        CHECK_FALSE(channel.target_says(data(7, bytes)).fault.empty());
    }
}

TEST_CASE("a dynamic channel passes by its name, and every other is answered by us")
{
    struct Row {
        std::string name;
        bool graphics;
        bool sound;
        bool passes;
    };
    auto const row = GENERATE(values<Row>({
        {std::string{graphics}, true, false, true},
        {std::string{graphics}, false, true, false},
        {"AUDIO_PLAYBACK_DVC", false, true, true},
        {"AUDIO_PLAYBACK_LOSSY_DVC", false, true, true},
        {"AUDIO_PLAYBACK_DVC", true, false, false},
        {"AUDIO_INPUT", true, true, false},
        {"Microsoft::Windows::RDS::DisplayControl", false, false, true},
        {"Microsoft::Windows::RDS::DisplayControl2", true, true, false},
        {"Microsoft::Windows::RDS::Location", true, true, false},
        {"Microsoft::Windows::RDS::Graphics ", true, true, false},
        {"microsoft::windows::rds::graphics", true, true, false},
        {"URBDRC", true, true, false},
        {"RDCamera_Device_Enumerator", true, true, false},
        {"ECHO", true, true, false},
    }));
    CAPTURE(row.name, row.graphics, row.sound);
    Conversation channel{granted(row.graphics, row.sound), limits, "drdynvc"};
    auto const heard = channel.target_says(create(3, row.name));
    CHECK(heard.fault.empty());
    if (row.passes) {
        CHECK(heard.to_vendor == create(3, row.name));
        CHECK(heard.told.empty());
    } else {
        CHECK(heard.to_vendor.empty());
        CHECK(heard.to_target == created(3, 0xC0000001));
        REQUIRE(heard.told.size() == 1);
        CHECK(
            heard.told[0] ==
            R"({"type":"forward_refused","what":"channel","detail":")" + row.name + "\"}"
        );
        CHECK(channel.target_says(create(4, row.name)).told.empty());
        // Data on it goes nowhere, from either side.
        CHECK(channel.target_says(data(3, "abc")).to_vendor.empty());
        CHECK(channel.vendor_says(data(3, "abc")).to_target.empty());
    }
}

TEST_CASE("a target that invents names does not fill the journal")
{
    Conversation channel{granted(true, true), limits, "drdynvc"};
    std::size_t told = 0;
    for (unsigned i = 0; i < 3000; ++i)
        told += channel.target_says(create(1, "name" + std::to_string(i))).told.size();
    CHECK(told == 64);
}

TEST_CASE("version 3 is not offered, and an answer to the library's own question ends here")
{
    Conversation channel{granted(true, true), limits, "drdynvc"};
    CHECK(channel.vendor_says(byte(0x50) + byte(0) + u16(3)).to_target.empty());
    auto const charges = zeros(8);
    auto const heard = channel.target_says(byte(0x58) + byte(0) + u16(3) + charges);
    CHECK(heard.to_vendor == byte(0x50) + byte(0) + u16(2) + charges);
    CHECK(
        channel.vendor_says(byte(0x50) + byte(0) + u16(3)).to_target ==
        byte(0x50) + byte(0) + u16(2)
    );
    CHECK(channel.vendor_says(byte(0x50) + byte(0) + u16(3)).to_target.empty());
    CHECK(
        channel.target_says(byte(0x50) + byte(0) + u16(1)).to_vendor ==
        byte(0x50) + byte(0) + u16(1)
    );
}

TEST_CASE("fragments of a graphics message arrive whole, and no byte leaves before")
{
    Open channel{graphics};
    std::string const whole(5000, 'g');
    CHECK(channel.target_says(first(7, 5000, whole.substr(0, 1500))).all_to_vendor.empty());
    CHECK(channel.target_says(data(7, whole.substr(0, 1500))).all_to_vendor.empty());
    auto const heard = channel.target_says(data(7, whole.substr(0, 2000)));
    CHECK(heard.fault.empty());
    REQUIRE(heard.graphics.size() == 1);
    CHECK(heard.graphics[0] == whole);
    REQUIRE(heard.all_to_vendor.size() == 4);
    CHECK(heard.all_to_vendor[0].substr(0, 4) == byte(0x20 | 1U << 2) + byte(7) + u16(5000));
    std::string joined = heard.all_to_vendor[0].substr(4);
    for (std::size_t i = 1; i < 4; ++i) {
        CHECK(heard.all_to_vendor[i].substr(0, 2) == byte(0x30) + byte(7));
        CHECK(heard.all_to_vendor[i].size() <= 1600);
        joined += heard.all_to_vendor[i].substr(2);
    }
    CHECK(joined == whole);
}

TEST_CASE("a short graphics message passes as one")
{
    Open channel{graphics};
    auto const heard = channel.target_says(data(7, "short"));
    CHECK(heard.to_vendor == data(7, "short"));
    CHECK(heard.graphics == std::vector<std::string>{"short"});
    // Sound is not recorded.
    Open sound{"AUDIO_PLAYBACK_DVC"};
    CHECK(sound.target_says(data(7, "wave")).graphics.empty());
    // What fits exactly, and what does not.
    CHECK(channel.target_says(data(7, std::string(1598, 'x'))).all_to_vendor.size() == 1);
    CHECK(channel.target_says(first(7, 1599, std::string(1599, 'x'))).all_to_vendor.size() == 2);
}

TEST_CASE("a vendor's offer of cached pictures is left out")
{
    Open channel{graphics};
    auto const offer = u16(0x10) + u16(0) + u32(12) + "abcd";
    auto const acknowledge = u16(0x0D) + u16(0) + u32(20) + zeros(12);
    CHECK(channel.vendor_says(data(7, offer)).all_to_target.empty());
    CHECK(channel.vendor_says(data(7, offer + acknowledge)).to_target == data(7, acknowledge));
    CHECK_FALSE(channel.vendor_says(data(7, u16(0x0D) + u16(0) + u32(7))).fault.empty());
}

TEST_CASE("dynamic messages that lie end the session")
{
    auto const pdus = GENERATE(
        std::vector<std::string>{first(7, 0, "a")},
        std::vector<std::string>{first(7, (16U << 20) + 1, "a")},
        std::vector<std::string>{first(7, 3, "abcd")},
        std::vector<std::string>{first(7, 3, "ab"), first(7, 3, "ab")},
        std::vector<std::string>{first(7, 3, "ab"), data(7, "cd")},
        std::vector<std::string>{first(7, 3, "")},
        std::vector<std::string>{byte(0x2C) + byte(7) + zeros(9)},
        std::vector<std::string>{byte(0x33) + zeros(9)},
        std::vector<std::string>{byte(0x60) + byte(7) + "compressed"},
        std::vector<std::string>{byte(0x70) + byte(7) + "compressed"},
        std::vector<std::string>{byte(0x80) + byte(0) + zeros(8)},
        std::vector<std::string>{byte(0x90) + byte(0) + zeros(8)},
        std::vector<std::string>{byte(0x00) + byte(7)},
        std::vector<std::string>{byte(0xF0) + byte(7)},
        std::vector<std::string>{byte(0x30)},
        std::vector<std::string>{byte(0x32) + "abc"},
        std::vector<std::string>{byte(0x10) + byte(1) + "no end"},
        std::vector<std::string>{byte(0x10) + byte(1) + byte(0)},
        std::vector<std::string>{create(7, graphics)},
        std::vector<std::string>{byte(0x50) + byte(0) + u16(0)},
        std::vector<std::string>{byte(0x50) + byte(0) + u16(2) + zeros(7)}
    );
    Open channel{graphics};
    std::string fault;
    for (auto const& pdu : pdus) {
        CHECK(fault.empty());
        fault = channel.target_says(pdu).fault;
    }
    CHECK_FALSE(fault.empty());
    CHECK(channel.target_says(data(7, "x")).to_vendor.empty());
}

TEST_CASE("channels close and come back, and late data goes nowhere")
{
    Open channel{graphics};
    (void)channel.target_says(first(7, 100, "begun"));
    CHECK(channel.target_says(close_of(7)).to_vendor == close_of(7));
    CHECK(channel.vendor_says(data(7, "late")).to_target.empty());
    CHECK(channel.vendor_says(close_of(7)).to_target == close_of(7));
    CHECK(channel.vendor_says(close_of(7)).to_target.empty());
    CHECK(channel.target_says(create(7, graphics)).to_vendor == create(7, graphics));
    CHECK(channel.vendor_says(created(7, 0xC0000001)).to_target == created(7, 0xC0000001));
    CHECK(channel.target_says(data(7, "x")).to_vendor.empty());
    // Nothing of the message that was under way.
    CHECK(channel.target_says(create(7, graphics)).to_vendor == create(7, graphics));
    (void)channel.vendor_says(created(7, 0));
    CHECK(channel.target_says(data(7, "fresh")).graphics == std::vector<std::string>{"fresh"});
}

TEST_CASE("messages under way are bounded together")
{
    Conversation channel{granted(true, true), limits, "drdynvc"};
    for (unsigned id = 1; id <= 3; ++id) {
        (void)channel.target_says(create(id, graphics));
        (void)channel.vendor_says(created(id, 0));
    }
    std::string fault;
    std::size_t held = 0;
    std::string const piece(60000, 'x');
    for (unsigned id = 1; id <= 3 && fault.empty(); ++id) {
        fault = channel.target_says(first(id, 16U << 20, piece)).fault;
        for (unsigned i = 1; i < 279 && fault.empty(); ++i) {
            fault = channel.target_says(data(id, piece)).fault;
            if (fault.empty()) held += piece.size();
        }
    }
    CHECK_FALSE(fault.empty());
    CHECK(held <= 32U << 20);
    CHECK(held > 31U << 20);
}
