#include "common/bytes.h"
#include "gateway/rdp/channels/text.h"
#include "tests/support/rdp_pdu.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>

using namespace ecluse;
using namespace ecluse::rdp;
using namespace ecluse::rdp::pdu;

namespace {

constexpr Limits limits{.clipboard_bytes_max = 64, .file_bytes_max = 1000};
constexpr std::uint32_t every_capability = 0x02 | 0x04 | 0x08 | 0x10 | 0x20;
constexpr std::uint32_t files_format = 0xC0BC;

Grants text_both()
{
    return {
        .clipboard_in = true,
        .clipboard_out = true,
        .file_up = false,
        .file_down = false,
        .sound = false,
        .graphics = false};
}
Grants text_out()
{
    return {
        .clipboard_in = false,
        .clipboard_out = true,
        .file_up = false,
        .file_down = false,
        .sound = false,
        .graphics = false};
}
Grants files_both()
{
    return {
        .clipboard_in = true,
        .clipboard_out = true,
        .file_up = true,
        .file_down = true,
        .sound = false,
        .graphics = false};
}
Grants files_up_only()
{
    return {
        .clipboard_in = false,
        .clipboard_out = false,
        .file_up = true,
        .file_down = false,
        .sound = false,
        .graphics = false};
}

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

/// A clipboard channel past its greeting: capabilities exchanged, first lists answered.
struct Clipboard : Conversation {
    explicit Clipboard(Grants const& grants, Limits const& with = limits)
        : Conversation{grants, with, "cliprdr"}
    {
        REQUIRE(admission.allowed);
        (void)target_says(clip_capabilities(every_capability));
        (void)target_says(clip(1, 0, {}));
        (void)vendor_says(clip_capabilities(every_capability));
        (void)vendor_says(clip_formats({}));
        (void)target_says(clip_formats_answer());
        (void)target_says(clip_formats({}));
        (void)vendor_says(clip_formats_answer());
    }
};

} // namespace

TEST_CASE("the clipboard's greeting passes without locks, and without files when none are granted")
{
    Conversation clipboard{text_both(), limits, "cliprdr"};
    CHECK(
        clipboard.target_says(clip_capabilities(every_capability)).to_vendor ==
        clip_capabilities(0x02)
    );
    CHECK(clipboard.target_says(clip(1, 0, {})).to_vendor == clip(1, 0, {}));
    CHECK(clipboard.vendor_says(clip_capabilities(0x3E)).to_target == clip_capabilities(0x02));

    Conversation with_files{files_both(), limits, "cliprdr"};
    CHECK(
        with_files.target_says(clip_capabilities(every_capability)).to_vendor ==
        clip_capabilities(0x2E)
    );

    auto const folder = clipboard.vendor_says(clip(6, 0, zeros(520)));
    CHECK(folder.to_target.empty());
    CHECK(folder.fault.empty());
}

TEST_CASE("a text goes from the vendor to the target, told by its hash and recorded in full")
{
    Clipboard clipboard{text_both()};
    auto const list = clipboard.vendor_says(clip_formats(
        {{13, ""},
         {1, ""},
         {7, ""},
         {16, ""},
         {8, ""},
         {0xC123, "HTML Format"},
         {0xC124, "Rich Text Format"}}
    ));
    CHECK(list.to_target == clip_formats({{13, ""}, {1, ""}, {7, ""}}));
    CHECK(list.told.empty());
    CHECK(clipboard.target_says(clip_formats_answer()).to_vendor == clip_formats_answer());
    CHECK(clipboard.target_says(clip_ask(13)).to_vendor == clip_ask(13));
    auto const data = std::string("D\0\xe9\0j\0\xe0\0\0\0", 10);
    auto const heard = clipboard.vendor_says(clip_data(data));
    CHECK(heard.to_target == clip_data(data));
    REQUIRE(heard.told.size() == 1);
    CHECK(
        heard.told[0] == R"({"type":"clipboard","direction":"in","bytes":10,"sha256":")" +
                             to_hex(sha256(data)) + "\"}"
    );
    REQUIRE(heard.recorded.size() == 1);
    CHECK(contains(heard.recorded[0], R"("text":"Déjà"})"));
}

TEST_CASE("the fact of a text comes no later than its first byte")
{
    Clipboard clipboard{text_both(), {.clipboard_bytes_max = 100000, .file_bytes_max = 0}};
    (void)clipboard.vendor_says(clip_formats({{13, ""}}));
    (void)clipboard.target_says(clip_ask(13));
    auto const message = clip_data(utf16(std::string(5000, 'a')));
    auto const total = static_cast<std::uint32_t>(message.size());
    auto const first = clipboard.watch.on_static(
        "cliprdr", Direction::to_target, message.substr(0, 1600), chunk_first, total
    );
    CHECK(first.forward.empty());
    CHECK(first.facts.empty());
    auto const rest = clipboard.watch.on_static(
        "cliprdr", Direction::to_target, message.substr(1600), chunk_last, total
    );
    CHECK(rest.facts.size() == 2);
    REQUIRE(rest.forward.size() == 7);
    CHECK(rest.forward[0].flags == (chunk_first | chunk_show_protocol));
    CHECK(rest.forward[1].flags == chunk_show_protocol);
    CHECK(rest.forward[6].flags == (chunk_last | chunk_show_protocol));
    for (auto const& chunk : rest.forward) {
        CHECK(chunk.total == total);
        CHECK(chunk.bytes.size() <= 1600);
    }
}

TEST_CASE("a direction that is not granted is answered, and said once")
{
    Clipboard clipboard{text_out()};
    auto const list = clipboard.vendor_says(clip_formats({{13, ""}}));
    // Not forwarded: it would empty the target's clipboard at every copy on the vendor's machine.
    CHECK(list.to_target.empty());
    CHECK(list.to_vendor == clip_formats_answer());
    REQUIRE(list.told.size() == 1);
    CHECK(contains(list.told[0], R"("type":"function_refused","what":"clipboard_in")"));
    CHECK(clipboard.vendor_says(clip_formats({{13, ""}})).told.empty());
    // Asked for all the same.
    auto const asked = clipboard.target_says(clip_ask(13));
    CHECK(asked.to_vendor.empty());
    CHECK(asked.to_target == clip_no_data());
    // And volunteered all the same.
    auto const pushed = clipboard.vendor_says(clip_data(utf16("secret")));
    CHECK(pushed.to_target.empty());
    CHECK(pushed.told.empty());
}

TEST_CASE("the first list is forwarded empty, so that the greeting is complete")
{
    Conversation clipboard{text_out(), limits, "cliprdr"};
    (void)clipboard.target_says(clip_capabilities(every_capability));
    (void)clipboard.vendor_says(clip_capabilities(every_capability));
    auto const list = clipboard.vendor_says(clip_formats({{13, ""}, {8, ""}}));
    CHECK(list.to_target == clip_formats({}));
    CHECK(list.to_vendor.empty());
    CHECK(clipboard.target_says(clip_formats_answer()).to_vendor == clip_formats_answer());
    // An answer to nothing goes nowhere.
    CHECK(clipboard.target_says(clip_formats_answer()).to_vendor.empty());
}

TEST_CASE("a picture on the clipboard empties what was offered before")
{
    Clipboard clipboard{text_both()};
    (void)clipboard.vendor_says(clip_formats({{13, ""}}));
    CHECK(clipboard.vendor_says(clip_formats({{8, ""}, {17, ""}})).to_target == clip_formats({}));
    CHECK(clipboard.target_says(clip_ask(13)).to_target == clip_no_data());
    CHECK(clipboard.target_says(clip_ask(8)).to_target == clip_no_data());
}

TEST_CASE("a text may be as long as the limit and no byte longer")
{
    struct Row {
        std::size_t bytes;
        bool passes;
    };
    auto const row =
        GENERATE(values<Row>({{64, true}, {65, false}, {66, false}, {40U << 20, false}}));
    CAPTURE(row.bytes);
    Clipboard clipboard{text_both()};
    (void)clipboard.target_says(clip_formats({{13, ""}}));
    (void)clipboard.vendor_says(clip_ask(13));
    auto const heard = clipboard.target_says(clip_data(std::string(row.bytes, 'x')));
    CHECK(heard.fault.empty());
    REQUIRE(heard.told.size() == 1);
    CHECK(contains(
        heard.told[0],
        row.passes ? R"("type":"clipboard","direction":"out")"
                   : R"("type":"function_refused","what":"clipboard_out")"
    ));
    CHECK(
        heard.to_vendor == (row.passes ? clip_data(std::string(row.bytes, 'x')) : clip_no_data())
    );
}

TEST_CASE("answers keep the order of the requests, ours among them")
{
    Clipboard clipboard{text_both()};
    (void)clipboard.vendor_says(clip_formats({{13, ""}}));
    CHECK(clipboard.target_says(clip_ask(13)).to_vendor == clip_ask(13));
    auto const refused = clipboard.target_says(clip_ask(99));
    CHECK(refused.to_target.empty()); // its turn has not come
    auto const heard = clipboard.vendor_says(clip_data(utf16("a")));
    REQUIRE(heard.all_to_target.size() == 2);
    CHECK(heard.all_to_target[0] == clip_data(utf16("a")));
    CHECK(heard.all_to_target[1] == clip_no_data());
}

TEST_CASE("what is not UTF-16 stays visible")
{
    struct Row {
        std::string bytes;
        std::string text;
    };
    auto const row = GENERATE(values<Row>({
        {std::string("a\0", 2), "a"},
        {std::string("\x3d\xd8\x00\xde", 4), "😀"},
        {std::string("\x3d\xd8", 2), "\\u{d83d}"},
        {std::string("\x00\xde\x3d\xd8", 4), "\\u{de00}\\u{d83d}"},
        {std::string("\x3d\xd8\x41\x00", 4), "\\u{d83d}A"},
        {std::string("A\0B", 3), "A\\x42"},
    }));
    CHECK(utf8_from_utf16(row.bytes) == row.text);
}

TEST_CASE("texts in the code pages of French systems are read")
{
    CHECK(utf8_from_ansi("\x80 \xe9\xe0\x81") == "€ éà\\x81");
    CHECK(utf8_from_oem("\x82\x85\xff") == "éà\u00A0");
}

TEST_CASE("malformed clipboard messages end the session")
{
    auto const message = GENERATE(
        std::string("\x02\0\0", 3),
        u16(2) + u16(0) + u32(100) + "short",
        u16(2) + u16(0) + u32(0) + zeros(9),
        clip(2, 0, u32(13) + "a"),
        clip(2, 0, u32(13) + utf16("no end")),
        clip(4, 0, u16(13)),
        clip(4, 0, u32(13) + u32(0)),
        clip(7, 0, u16(1) + u16(0) + u16(1) + u16(3)),
        clip(7, 0, u16(1) + u16(0) + u16(1) + u16(12) + u32(2)),
        clip(7, 0, u16(0) + u16(0)),
        clip(8, 0, u32(1) + u32(0) + u32(3) + u64(0) + u32(8)),
        clip(8, 0, u32(1) + u32(0)),
        clip(9, 1, u16(1)),
        clip(12, 0, {}),
        clip(1, 0, {})
    );
    Clipboard clipboard{files_both()};
    auto const heard = clipboard.vendor_says(message);
    CHECK_FALSE(heard.fault.empty());
    CHECK(heard.to_target.empty());
    // And for good.
    CHECK(clipboard.vendor_says(clip_formats({{13, ""}})).to_target.empty());
}

TEST_CASE("padding after a message is not forwarded")
{
    Clipboard clipboard{text_both()};
    CHECK(
        clipboard.vendor_says(clip_formats({{13, ""}}) + zeros(4)).to_target ==
        clip_formats({{13, ""}})
    );
}

TEST_CASE("thousands of requests without an answer end the session")
{
    Clipboard clipboard{files_both()};
    (void)clipboard.vendor_says(clip_formats({{13, ""}, {files_format, "FileGroupDescriptorW"}}));
    SECTION("data")
    {
        std::size_t passed = 0;
        while (clipboard.target_says(clip_ask(13)).fault.empty() && passed < 5000)
            ++passed;
        CHECK(passed == 64);
    }
    SECTION("contents")
    {
        (void)clipboard.target_says(clip_ask(files_format));
        (void)clipboard.vendor_says(clip_file_list({{"a.txt", 10}}));
        std::uint32_t passed = 0;
        while (clipboard.target_says(clip_ask_range(passed, 0, 0, 5)).fault.empty() && passed < 5000
        )
            ++passed;
        CHECK(passed == 64);
    }
    SECTION("lists")
    {
        std::size_t passed = 0;
        while (clipboard.vendor_says(clip_formats({{13, ""}})).fault.empty() && passed < 5000)
            ++passed;
        CHECK(passed == 63);
    }
}

TEST_CASE("a format is what its number and its name say together")
{
    Clipboard clipboard{files_both()};
    auto const list = clipboard.vendor_says(clip_formats(
        {{13, "HTML Format"},
         {13, ""},
         {8, "FileGroupDescriptorW"},
         {0xC001, "FileContents"},
         {0x1C002, "FileGroupDescriptorW"},
         {files_format, "FileGroupDescriptorW"},
         {files_format, ""}}
    ));
    CHECK(list.to_target == clip_formats({{files_format, "FileGroupDescriptorW"}}));
}

TEST_CASE("short names are read when one side knows no long ones")
{
    Conversation clipboard{files_both(), limits, "cliprdr"};
    (void)clipboard.target_says(clip_capabilities(every_capability));
    (void)clipboard.vendor_says(clip_capabilities(every_capability & ~0x02U));
    auto name = utf16("FileGroupDescri");
    name.resize(32, '\0');
    auto const list = clip(2, 0, u32(13) + zeros(32) + u32(files_format) + name);
    CHECK(clipboard.vendor_says(list).to_target == list);
    CHECK_FALSE(clipboard.vendor_says(clip(2, 0, u32(13) + zeros(31))).fault.empty());
}

TEST_CASE("a file copied by the clipboard is named, counted and hashed")
{
    Clipboard clipboard{files_up_only()};
    auto const list =
        clipboard.vendor_says(clip_formats({{13, ""}, {files_format, "FileGroupDescriptorW"}}));
    CHECK(list.to_target == clip_formats({{files_format, "FileGroupDescriptorW"}}));
    CHECK(clipboard.target_says(clip_ask(files_format)).to_vendor == clip_ask(files_format));
    auto const files =
        clip_file_list({{.name = "pilote", .folder = true}, {"pilote\\notes.txt", 8}});
    CHECK(clipboard.vendor_says(files).to_target == files);

    CHECK(clipboard.target_says(clip_ask_size(1, 1)).to_vendor == clip_ask_size(1, 1));
    CHECK(clipboard.vendor_says(clip_contents(1, u64(8))).to_target == clip_contents(1, u64(8)));
    CHECK(
        clipboard.target_says(clip_ask_range(2, 1, 0, 5)).to_vendor == clip_ask_range(2, 1, 0, 5)
    );
    CHECK(clipboard.vendor_says(clip_contents(2, "hello")).told.empty());
    (void)clipboard.target_says(clip_ask_range(2, 1, 5, 5));
    auto const last = clipboard.vendor_says(clip_contents(2, "you"));
    CHECK(last.to_target == clip_contents(2, "you"));
    REQUIRE(last.told.size() == 1);
    CHECK(
        last.told[0] ==
        R"({"type":"transfer","channel":0,"protocol":"rdp_clipboard","direction":"up","name":"pilote\\notes.txt","bytes":8,"sha256":")" +
            to_hex(sha256("helloyou")) + R"(","sequential":true,"complete":true})"
    );
    // What is beyond the end is nothing, and its owner need not say so.
    auto const beyond = clipboard.target_says(clip_ask_range(3, 1, 8, 5));
    CHECK(beyond.to_vendor.empty());
    CHECK(beyond.to_target == clip_contents(3, ""));
    CHECK(clipboard.watch.conclude().empty());
}

TEST_CASE("a copy that stops half-way is told as incomplete")
{
    Clipboard clipboard{files_both()};
    (void)clipboard.target_says(clip_formats({{files_format, "FileGroupDescriptorW"}}));
    (void)clipboard.vendor_says(clip_ask(files_format));
    (void)clipboard.target_says(clip_file_list({{"a", 100}}));
    (void)clipboard.vendor_says(clip_ask_range(1, 0, 10, 5));
    (void)clipboard.target_says(clip_contents(1, "12345"));
    SECTION("by the end of the session")
    {
        auto const facts = clipboard.watch.conclude();
        REQUIRE(facts.size() == 1);
        CHECK(contains(
            facts[0].told,
            R"("direction":"down","name":"a","bytes":5,"sha256":null,"sequential":false,"complete":false)"
        ));
    }
    SECTION("by another list")
    {
        auto const heard = clipboard.target_says(clip_formats({{13, ""}}));
        REQUIRE(heard.told.size() == 1);
        CHECK(contains(heard.told[0], R"("complete":false)"));
    }
    SECTION("and the answer to what was asked of the old list is a failure")
    {
        (void)clipboard.vendor_says(clip_ask_range(7, 0, 15, 5));
        (void)clipboard.target_says(clip_formats({{13, ""}}));
        CHECK(clipboard.target_says(clip_contents(7, "later")).to_vendor == clip_no_contents(7));
    }
}

TEST_CASE("a file may be as large as the limit and no byte larger")
{
    Clipboard clipboard{files_both()};
    (void)clipboard.vendor_says(clip_formats({{files_format, "FileGroupDescriptorW"}}));
    (void)clipboard.target_says(clip_ask(files_format));
    (void
    )clipboard.vendor_says(clip_file_list({{"fits", 1000}, {"large", 1001}, {"silent", 0, false}}));
    CHECK(
        clipboard.target_says(clip_ask_range(1, 0, 0, 1000)).to_vendor ==
        clip_ask_range(1, 0, 0, 1000)
    );
    CHECK(contains(
        clipboard.vendor_says(clip_contents(1, std::string(1000, 'x'))).told.at(0),
        R"("complete":true)"
    ));

    auto const large = clipboard.target_says(clip_ask_range(2, 1, 0, 10));
    CHECK(large.to_vendor.empty());
    CHECK(large.to_target == clip_no_contents(2));
    CHECK(contains(large.told.at(0), R"("what":"file_up","detail":"large")"));

    (void)clipboard.target_says(clip_ask_range(3, 2, 0, 1001));
    auto const silent = clipboard.vendor_says(clip_contents(3, std::string(1001, 'x')));
    CHECK(silent.to_target == clip_no_contents(3));
    CHECK(contains(silent.told.at(0), R"("complete":false)"));
    CHECK(contains(silent.told.at(1), R"("type":"function_refused")"));
}

TEST_CASE("names that leave their folder are refused with the whole list")
{
    auto const name = GENERATE(
        as<std::string>{},
        "..\\x",
        "a\\..\\..\\x",
        "\\x",
        "C:\\x",
        "a:stream",
        "a//b",
        "",
        "a\\\\b",
        ".",
        "a\nb"
    );
    CAPTURE(name);
    Clipboard clipboard{files_both()};
    (void)clipboard.vendor_says(clip_formats({{files_format, "FileGroupDescriptorW"}}));
    (void)clipboard.target_says(clip_ask(files_format));
    auto const heard = clipboard.vendor_says(clip_file_list({{"good", 1}, {name, 1}}));
    CHECK(heard.fault.empty());
    CHECK(heard.to_target == clip_no_data());
    CHECK(contains(heard.told.at(0), R"("what":"file_up")"));
    // Nothing of it can be asked for.
    CHECK(clipboard.target_says(clip_ask_range(1, 0, 0, 1)).to_target == clip_no_contents(1));
}

TEST_CASE("file lists that lie about their length end the session")
{
    Clipboard clipboard{files_both()};
    (void)clipboard.vendor_says(clip_formats({{files_format, "FileGroupDescriptorW"}}));
    (void)clipboard.target_says(clip_ask(files_format));
    auto const good = clip_file_list({{"a", 1}});
    auto const body = GENERATE_COPY(
        u32(2) + good.substr(12),
        u32(0) + "x",
        u16(1),
        u32(1) + good.substr(12) + "x",
        u32(1) + good.substr(12, 72) + std::string(520, 'n')
    );
    CHECK_FALSE(clipboard.vendor_says(clip_data(body)).fault.empty());
}

TEST_CASE("contents that nobody granted or asked for go nowhere")
{
    Clipboard clipboard{text_both()};
    auto const asked = clipboard.target_says(clip_ask_range(5, 0, 0, 10));
    CHECK(asked.to_vendor.empty());
    CHECK(asked.to_target == clip_no_contents(5));
    CHECK(contains(asked.told.at(0), R"("what":"file_up")"));
    CHECK(clipboard.vendor_says(clip_contents(5, "data")).to_target.empty());
    // An answer longer than its request ends the session.
    Clipboard files{files_both()};
    (void)files.vendor_says(clip_formats({{files_format, "FileGroupDescriptorW"}}));
    (void)files.target_says(clip_ask(files_format));
    (void)files.vendor_says(clip_file_list({{"a", 10}}));
    (void)files.target_says(clip_ask_range(1, 0, 0, 3));
    CHECK_FALSE(files.vendor_says(clip_contents(1, "four")).fault.empty());
}

TEST_CASE("a long text is recorded in parts, none inside a character")
{
    Clipboard clipboard{text_both(), {.clipboard_bytes_max = 4U << 20, .file_bytes_max = 0}};
    (void)clipboard.vendor_says(clip_formats({{13, ""}}));
    (void)clipboard.target_says(clip_ask(13));
    std::string data;
    for (int i = 0; i < 200000; ++i)
        data += std::string("\xe9\0", 2);
    auto const heard = clipboard.vendor_says(clip_data(data));
    CHECK(heard.told.size() == 1);
    REQUIRE(heard.recorded.size() == 4);
    CHECK(contains(heard.recorded[3], R"("part":4)"));
    for (auto const& part : heard.recorded)
        CHECK(contains(part, "\"text\":\"é"));
}
