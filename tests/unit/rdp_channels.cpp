#include "gateway/rdp/channels/channel_watch.h"
#include "gateway/rdp/channels/reassembler.h"
#include "tests/support/rdp_pdu.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <string>
#include <tuple>
#include <vector>

using namespace ecluse::rdp;
using namespace ecluse::rdp::pdu;

namespace {

constexpr Limits limits{.clipboard_bytes_max = 1000, .file_bytes_max = 1000};
constexpr Grants nothing{
    .clipboard_in = false,
    .clipboard_out = false,
    .file_up = false,
    .file_down = false,
    .sound = false,
    .graphics = false};

Grants sound_only()
{
    auto grants = nothing;
    grants.sound = true;
    return grants;
}

using Step = Reassembler::Step;

} // namespace

TEST_CASE("a channel exists only when something granted needs it")
{
    struct Row {
        char const* name;
        bool Grants::*needs; // nullptr: never
    };
    auto const row = GENERATE(values<Row>({
        {"cliprdr", &Grants::clipboard_in},
        {"cliprdr", &Grants::clipboard_out},
        {"cliprdr", &Grants::file_up},
        {"cliprdr", &Grants::file_down},
        {"rdpsnd", &Grants::sound},
        {"rail", nullptr},
        {"encomsp", nullptr},
        {"remdesk", nullptr},
        {"CLIPRDR", nullptr},
        {"rdp2tcp", nullptr},
        {"", nullptr},
    }));
    CAPTURE(row.name);
    ChannelWatch denied{nothing, limits};
    auto const refusal = denied.may_create_static(row.name, 0);
    CHECK_FALSE(refusal.allowed);
    REQUIRE(refusal.facts.size() == 1);
    CHECK(
        refusal.facts[0].told ==
        std::string{R"({"type":"forward_refused","what":"channel","detail":")"} + row.name + "\"}"
    );
    CHECK(denied.may_create_static(row.name, 0).facts.empty());
    CHECK(denied.on_static(row.name, Direction::to_target, "data", chunk_first | chunk_last, 4)
              .forward.empty());

    auto grants = nothing;
    if (row.needs) {
        grants.*row.needs = true;
    } else {
        grants = {
            .clipboard_in = true,
            .clipboard_out = true,
            .file_up = true,
            .file_down = true,
            .sound = true,
            .graphics = true};
    }
    ChannelWatch watch{grants, limits};
    CHECK(watch.may_create_static(row.name, 0).allowed == (row.needs != nullptr));
}

TEST_CASE("chunks are put together in one order only")
{
    Reassembler pieces{100, false};
    CHECK(pieces.add("ab", chunk_first, 5) == Step::more);
    CHECK(pieces.add("", chunk_suspend, 0) == Step::ignored);
    CHECK(pieces.add("cd", chunk_show_protocol, 5) == Step::more);
    CHECK(pieces.add("e", chunk_last, 5) == Step::whole);
    CHECK(pieces.bytes() == "abcde");
    CHECK(pieces.add("x", chunk_first | chunk_last, 1) == Step::whole);
    CHECK(pieces.bytes() == "x");
}

TEST_CASE("chunks that lie end the session")
{
    struct Row {
        char const* what;
        std::vector<std::tuple<std::string, std::uint32_t, std::uint32_t>> chunks;
    };
    auto const row = GENERATE(values<Row>({
        {"no first", {{"a", 0, 1}}},
        {"last alone", {{"a", chunk_last, 1}}},
        {"first twice", {{"a", chunk_first, 3}, {"b", chunk_first, 3}}},
        {"another total", {{"a", chunk_first, 3}, {"b", 0, 4}}},
        {"too short at last", {{"a", chunk_first, 3}, {"b", chunk_last, 3}}},
        {"whole without last", {{"ab", chunk_first, 2}}},
        {"too long", {{"ab", chunk_first, 3}, {"cd", chunk_last, 3}}},
        {"nothing", {{"", chunk_first | chunk_last, 0}}},
        {"empty piece", {{"a", chunk_first, 3}, {"", 0, 3}}},
        {"compressed", {{"a", chunk_first | chunk_last | chunk_compressed, 1}}},
        {"larger than kept", {{"a", chunk_first, 101}}},
        {"huge", {{"a", chunk_first, 0xFFFFFFFF}}},
        {"data in a suspension", {{"a", chunk_suspend, 1}}},
    }));
    CAPTURE(row.what);
    Reassembler pieces{100, false};
    Step step = Step::more;
    for (auto const& [bytes, flags, total] : row.chunks) {
        CHECK(step != Step::fault);
        step = pieces.add(bytes, flags, total);
    }
    CHECK(step == Step::fault);
    CHECK(pieces.add("x", chunk_first | chunk_last, 1) == Step::fault);
}

TEST_CASE("a message may be cut where the channel says so, and is counted whole")
{
    Reassembler pieces{4, true};
    CHECK(pieces.add("abc", chunk_first, 9) == Step::more);
    CHECK(pieces.add("def", 0, 9) == Step::more);
    CHECK(pieces.add("ghi", chunk_last, 9) == Step::whole);
    CHECK(pieces.bytes() == "abcd");
    CHECK(pieces.size() == 9);
    CHECK(Reassembler{4, false}.add("abcd", chunk_first | chunk_last, 4) == Step::whole);
    CHECK(Reassembler{4, false}.add("abcde", chunk_first | chunk_last, 5) == Step::fault);
}

TEST_CASE("sound passes once granted, and is counted")
{
    Conversation sound{sound_only(), limits, "rdpsnd"};
    REQUIRE(sound.admission.allowed);
    auto const formats = std::string("\x07\0", 2) + u16(20) + zeros(20);
    CHECK(sound.target_says(formats).to_vendor == formats);
    auto const info = std::string("\x02\0", 2) + u16(20) + zeros(12);
    CHECK(sound.target_says(info).to_vendor == info);
    // Without a head: four bytes of nothing and the rest of the samples.
    CHECK(sound.target_says(zeros(12)).to_vendor == zeros(12));
    CHECK(sound.watch.sound_bytes() == 24 + 16 + 12);
    auto const confirm = std::string("\x05\0", 2) + u16(4) + zeros(4);
    CHECK(sound.vendor_says(confirm).to_target == confirm);
}

TEST_CASE("sound without a sane head ends the session")
{
    auto const message = GENERATE(
        std::string("\x01\0\0", 3),
        zeros(4),
        std::string("\x0e\0\0\0", 4),
        std::string("\x02\0\x14\0", 4),
        std::string("\x02\0", 2) + u16(8) + zeros(12)
    );
    Conversation sound{sound_only(), limits, "rdpsnd"};
    CHECK_FALSE(sound.target_says(message).fault.empty());
    Conversation wave{sound_only(), limits, "rdpsnd"};
    (void)wave.target_says(std::string("\x02\0", 2) + u16(20) + zeros(12));
    CHECK_FALSE(wave.target_says(zeros(13)).fault.empty());
}
