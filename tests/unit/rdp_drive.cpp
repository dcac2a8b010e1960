#include "common/bytes.h"
#include "tests/support/rdp_pdu.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <string>
#include <vector>

using namespace ecluse;
using namespace ecluse::rdp;
using namespace ecluse::rdp::pdu;

namespace {

constexpr Limits limits{.clipboard_bytes_max = 0, .file_bytes_max = 1000};
constexpr std::uint32_t denied = 0xC0000022;
constexpr std::uint32_t unsupported = 0xC00000BB;
constexpr std::uint32_t bad_name = 0xC0000033;

Grants granted(bool up, bool down, bool sound = false)
{
    return {
        .clipboard_in = false,
        .clipboard_out = false,
        .file_up = up,
        .file_down = down,
        .sound = sound,
        .graphics = false};
}

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

std::string packet(std::uint16_t id, std::string const& body)
{
    return u16(0x4472) + u16(id) + body;
}
std::string
device(std::uint32_t type, std::uint32_t id, std::string name, std::string const& data = {})
{
    name.resize(8, '\0');
    return u32(type) + u32(id) + name + u32(data.size()) + data;
}
std::string devices(std::uint32_t count, std::string const& list)
{
    return packet(0x4441, u32(count) + list);
}
std::string request(
    std::uint32_t major,
    std::uint32_t file,
    std::uint32_t number,
    std::string const& body,
    std::uint32_t minor = 0
)
{
    return packet(0x4952, u32(1) + u32(file) + u32(number) + u32(major) + u32(minor) + body);
}
std::string answer(std::uint32_t number, std::uint32_t status, std::string const& body)
{
    return packet(0x4943, u32(1) + u32(number) + u32(status) + body);
}

struct Create {
    std::uint32_t access = 0x00120089; // generic read, as it arrives
    std::uint32_t disposition = 1;
    std::uint32_t options = 0x60;
};
std::string create(std::uint32_t number, std::string const& utf16_path, Create const& how = {})
{
    return request(
        0,
        0,
        number,
        u32(how.access) + u64(0) + u32(0x80) + u32(7) + u32(how.disposition) + u32(how.options) +
            u32(utf16_path.size()) + utf16_path
    );
}
std::string path(std::string const& name)
{
    return utf16(name) + u16(0);
}
std::string created(std::uint32_t number, std::uint32_t file, unsigned information = 0)
{
    return answer(number, 0, u32(file) + std::string(1, static_cast<char>(information)));
}
std::string
read(std::uint32_t file, std::uint32_t number, std::uint64_t offset, std::uint32_t bytes)
{
    return request(3, file, number, u32(bytes) + u64(offset) + zeros(20));
}
std::string
write(std::uint32_t file, std::uint32_t number, std::uint64_t offset, std::string const& data)
{
    return request(4, file, number, u32(data.size()) + u64(offset) + zeros(20) + data);
}
std::string close_of(std::uint32_t file, std::uint32_t number)
{
    return request(2, file, number, zeros(32));
}
std::string
change(std::uint32_t file, std::uint32_t number, std::uint32_t what, std::string const& buffer)
{
    return request(6, file, number, u32(what) + u32(buffer.size()) + zeros(24) + buffer);
}
std::string rename_to(std::string const& name)
{
    return zeros(2) + u32(path(name).size()) + path(name);
}

constexpr Create writing{.access = 0x40000000, .disposition = 2, .options = 0x40};

/// Drive 1 announced.
struct Drive : Conversation {
    explicit Drive(Grants const& grants, Limits const& with = limits)
        : Conversation{grants, with, "rdpdr"}
    {
        REQUIRE(admission.allowed);
        REQUIRE(
            vendor_says(devices(1, device(8, 1, "C:"))).to_target == devices(1, device(8, 1, "C:"))
        );
    }
    /// Opens a file under number 5.
    void open(std::string const& name, Create const& how = {})
    {
        REQUIRE(target_says(create(1, path(name), how)).to_vendor == create(1, path(name), how));
        (void)vendor_says(created(1, 5));
    }
};

} // namespace

TEST_CASE("the device channel exists for files and for sound")
{
    CHECK_FALSE(Conversation(granted(false, false), limits, "rdpdr").admission.allowed);
    CHECK(Conversation(granted(true, false), limits, "rdpdr").admission.allowed);
    CHECK(Conversation(granted(false, true), limits, "rdpdr").admission.allowed);
    // A drive is refused on a channel that is there for sound alone.
    Conversation sound{granted(false, false, true), limits, "rdpdr"};
    REQUIRE(sound.admission.allowed);
    auto const heard = sound.vendor_says(devices(1, device(8, 1, "C:")));
    CHECK(heard.to_target == devices(0, {}));
    CHECK(contains(heard.told.at(0), R"("what":"file_up","detail":"drive")"));
}

TEST_CASE("only drives are announced, with their number corrected")
{
    Conversation channel{granted(true, true), limits, "rdpdr"};
    auto const heard = channel.vendor_says(devices(
        6,
        device(4, 1, "PRN1", zeros(24)) + device(8, 2, "C:", path("Disque")) +
            device(1, 3, "COM1") + device(2, 4, "LPT1") + device(0x20, 5, "SCARD") +
            device(8, 6, "D:")
    ));
    CHECK(heard.to_target == devices(2, device(8, 2, "C:", path("Disque")) + device(8, 6, "D:")));
    REQUIRE(heard.told.size() == 4);
    CHECK(contains(heard.told[0], R"("type":"function_refused","what":"printer")"));
    CHECK(contains(
        heard.told[1], R"("type":"forward_refused","what":"channel","detail":"rdpdr: serial port")"
    ));
    CHECK(contains(heard.told[2], "parallel port"));
    CHECK(contains(heard.told[3], "smart card"));
    CHECK(channel.vendor_says(devices(1, device(4, 9, "PRN2"))).told.empty());
    // Requests and replies for what was not announced do not reach the vendor.
    CHECK(channel.target_says(packet(0x6472, u32(1) + u32(0))).to_vendor.empty());
    CHECK(
        channel.target_says(packet(0x6472, u32(2) + u32(0))).to_vendor ==
        packet(0x6472, u32(2) + u32(0))
    );
    auto const asked = channel.target_says(create(1, path("\\")));
    CHECK(asked.to_vendor.empty());
    CHECK(asked.to_target == answer(1, 0xC000000E, zeros(5)));
    // Printer packets never.
    CHECK(channel.target_says(u16(0x5052) + u16(0x5043) + zeros(20)).to_vendor.empty());
    CHECK(channel.vendor_says(u16(0x5052) + u16(0x5043) + zeros(20)).to_target.empty());
}

TEST_CASE("capabilities lose printers, ports and smart cards")
{
    auto const general = [](std::uint32_t special) {
        return u16(1) + u16(44) + u32(2) + zeros(32) + u32(special);
    };
    auto const empty_set = [](std::uint16_t type) { return u16(type) + u16(8) + u32(1); };
    auto const all =
        u16(5) + u16(0) + general(1) + empty_set(2) + empty_set(3) + empty_set(4) + empty_set(5);
    Conversation files{granted(true, false), limits, "rdpdr"};
    auto const reduced = u16(2) + u16(0) + general(0) + empty_set(4);
    CHECK(files.target_says(packet(0x5350, all)).to_vendor == packet(0x5350, reduced));
    CHECK(files.vendor_says(packet(0x4350, all)).to_target == packet(0x4350, reduced));
    Conversation sound{granted(false, false, true), limits, "rdpdr"};
    CHECK(
        sound.target_says(packet(0x5350, all)).to_vendor ==
        packet(0x5350, u16(1) + u16(0) + general(0))
    );
}

TEST_CASE("the greeting passes")
{
    Conversation channel{granted(true, true), limits, "rdpdr"};
    auto const announce = packet(0x496E, u16(1) + u16(12) + u32(4));
    CHECK(channel.target_says(announce).to_vendor == announce);
    auto const confirm = packet(0x4343, u16(1) + u16(12) + u32(4));
    CHECK(channel.vendor_says(confirm).to_target == confirm);
    CHECK(channel.target_says(confirm).to_vendor == confirm);
    auto const name = packet(0x434E, u32(1) + u32(0) + u32(8) + path("POC"));
    CHECK(channel.vendor_says(name).to_target == name);
    CHECK(channel.target_says(packet(0x554C, {})).to_vendor == packet(0x554C, {}));
}

TEST_CASE("that the user is logged on is said only after the greeting, however early it came")
{
    Conversation channel{granted(true, true), limits, "rdpdr"};
    auto const announce = packet(0x496E, u16(1) + u16(12) + u32(4));
    auto const confirm = packet(0x4343, u16(1) + u16(12) + u32(4));
    auto const logged_on = packet(0x554C, {});
    (void)channel.target_says(announce);
    CHECK(channel.target_says(logged_on).to_vendor.empty());
    CHECK(channel.target_says(confirm).all_to_vendor == std::vector{confirm, logged_on});
    CHECK(channel.target_says(confirm).to_vendor == confirm);
    // A target that begins again.
    (void)channel.target_says(announce);
    CHECK(channel.target_says(logged_on).to_vendor.empty());
}

TEST_CASE("a file that the target reads is told as it is closed")
{
    Drive drive{granted(true, false)};
    drive.open("\\notes.txt");
    CHECK(drive.target_says(read(5, 2, 0, 6)).to_vendor == read(5, 2, 0, 6));
    CHECK(
        drive.vendor_says(answer(2, 0, u32(6) + "bonjou")).to_target ==
        answer(2, 0, u32(6) + "bonjou")
    );
    (void)drive.target_says(read(5, 3, 6, 6));
    CHECK(drive.vendor_says(answer(3, 0, u32(1) + "r")).to_target == answer(3, 0, u32(1) + "r"));
    CHECK(drive.target_says(close_of(5, 4)).to_vendor == close_of(5, 4));
    auto const closed = drive.vendor_says(answer(4, 0, zeros(5)));
    CHECK(closed.to_target == answer(4, 0, zeros(5)));
    REQUIRE(closed.told.size() == 1);
    CHECK(
        closed.told[0] ==
        R"({"type":"transfer","channel":0,"protocol":"rdp_drive","direction":"up","name":"\\notes.txt","bytes":7,"sha256":")" +
            to_hex(sha256("bonjour")) + R"(","sequential":true,"complete":true})"
    );
    CHECK(drive.watch.conclude().empty());
}

TEST_CASE("a file that the target writes is told as it is closed")
{
    Drive drive{granted(false, true)};
    drive.open("\\rapport.pdf", writing);
    CHECK(drive.target_says(write(5, 2, 0, "abc")).to_vendor == write(5, 2, 0, "abc"));
    CHECK(
        drive.vendor_says(answer(2, 0, u32(3) + zeros(1))).to_target ==
        answer(2, 0, u32(3) + zeros(1))
    );
    SECTION("complete")
    {
        (void)drive.target_says(close_of(5, 4));
        auto const closed = drive.vendor_says(answer(4, 0, zeros(4)));
        CHECK(contains(
            closed.told.at(0),
            R"("direction":"down","name":"\\rapport.pdf","bytes":3,"sha256":")" +
                to_hex(sha256("abc")) + R"(","sequential":true,"complete":true)"
        ));
    }
    SECTION("the disk was full")
    {
        (void)drive.target_says(write(5, 3, 3, "def"));
        (void)drive.vendor_says(answer(3, 0xC000007F, {}));
        (void)drive.target_says(close_of(5, 4));
        CHECK(contains(drive.vendor_says(answer(4, 0, zeros(5))).told.at(0), R"("bytes":6)"));
        CHECK(drive.watch.conclude().empty());
    }
    SECTION("the session ended")
    {
        auto const facts = drive.watch.conclude();
        REQUIRE(facts.size() == 1);
        CHECK(contains(facts[0].told, R"("complete":false)"));
    }
    SECTION("out of order")
    {
        (void)drive.target_says(write(5, 3, 100, "def"));
        (void)drive.vendor_says(answer(3, 0, u32(3) + zeros(1)));
        (void)drive.target_says(close_of(5, 4));
        CHECK(contains(
            drive.vendor_says(answer(4, 0, zeros(5))).told.at(0),
            R"("bytes":6,"sha256":null,"sequential":false,"complete":true)"
        ));
    }
}

TEST_CASE("a direction that is not granted is answered without the vendor")
{
    SECTION("writing, in every way")
    {
        Drive drive{granted(true, false)};
        auto const how = GENERATE(
            Create{.access = 0x40000000},
            Create{.access = 0x02},
            Create{.access = 0x04},
            Create{.access = 0x10000},
            Create{.access = 0x10000000},
            Create{.disposition = 0},
            Create{.disposition = 2},
            Create{.disposition = 3},
            Create{.disposition = 4},
            Create{.disposition = 5},
            Create{.options = 0x1000}
        );
        auto const heard = drive.target_says(create(1, path("\\a"), how));
        CHECK(heard.to_vendor.empty());
        CHECK(heard.to_target == answer(1, denied, zeros(5)));
        CHECK(contains(
            heard.told.at(0), R"("type":"function_refused","what":"file_down","detail":"\\a")"
        ));
    }
    SECTION("changing what was opened for reading")
    {
        Drive drive{granted(true, false)};
        drive.open("\\a");
        CHECK(drive.target_says(write(5, 2, 0, "x")).to_target == answer(2, denied, zeros(5)));
        auto const what = GENERATE(4U, 10U, 13U, 19U, 20U, 99U);
        auto const heard =
            drive.target_says(change(5, 3, what, what == 10 ? rename_to("\\b") : zeros(8)));
        CHECK(heard.to_vendor.empty());
        CHECK(heard.to_target == answer(3, denied, zeros(5)));
    }
    SECTION("reading")
    {
        Drive drive{granted(false, true)};
        drive.open("\\a"); // listing a folder needs this
        auto const heard = drive.target_says(read(5, 2, 0, 10));
        CHECK(heard.to_vendor.empty());
        CHECK(heard.to_target == answer(2, denied, zeros(4)));
        CHECK(contains(heard.told.at(0), R"("what":"file_up","detail":"\\a")"));
    }
}

TEST_CASE("renaming, removing and making folders are told with their outcome")
{
    Drive drive{granted(true, true)};
    drive.open("\\a");
    SECTION("rename")
    {
        CHECK(
            drive.target_says(change(5, 2, 10, rename_to("\\dir\\b"))).to_vendor ==
            change(5, 2, 10, rename_to("\\dir\\b"))
        );
        auto const heard = drive.vendor_says(answer(2, 0, u32(rename_to("\\dir\\b").size())));
        CHECK(
            heard.told.at(0) ==
            R"({"type":"file","operation":"rename","name":"\\a","to":"\\dir\\b","outcome":0})"
        );
    }
    SECTION("remove")
    {
        (void)drive.target_says(change(5, 2, 13, std::string(1, '\1')));
        CHECK(
            drive.vendor_says(answer(2, denied, u32(0))).told.at(0) ==
            R"({"type":"file","operation":"remove","name":"\\a","outcome":3})"
        );
        (void)drive.target_says(change(5, 2, 13, {}));
        CHECK(
            drive.vendor_says(answer(2, 0, u32(0))).told.at(0) ==
            R"({"type":"file","operation":"remove","name":"\\a","outcome":0})"
        );
        (void)drive.target_says(change(5, 2, 13, zeros(1))); // takes it back
        CHECK(drive.vendor_says(answer(2, 0, u32(1))).told.empty());
    }
    SECTION("remove on close")
    {
        Drive other{granted(true, true)};
        other.open("\\tmp", {.options = 0x1000});
        (void)other.target_says(close_of(5, 2));
        CHECK(
            other.vendor_says(answer(2, 0, zeros(5))).told.at(0) ==
            R"({"type":"file","operation":"remove","name":"\\tmp","outcome":0})"
        );
    }
    SECTION("a folder")
    {
        (void)drive.target_says(create(2, path("\\new"), {.disposition = 2, .options = 1}));
        auto const heard = drive.vendor_says(created(2, 6));
        CHECK(
            heard.told.at(0) == R"({"type":"file","operation":"mkdir","name":"\\new","outcome":0})"
        );
        (void)drive.target_says(create(3, path("\\new"), {.disposition = 3, .options = 1}));
        CHECK(drive.vendor_says(created(3, 7, 1)).told.empty()); // was there
        (void)drive.target_says(create(4, path("\\no"), {.disposition = 2, .options = 1}));
        CHECK(
            drive.vendor_says(answer(4, denied, {})).told.at(0) ==
            R"({"type":"file","operation":"mkdir","name":"\\no","outcome":3})"
        );
    }
}

TEST_CASE("paths that leave the drive are refused")
{
    auto const name = GENERATE(
        as<std::string>{},
        path("\\..\\x"),
        path("\\a\\..\\..\\x"),
        path("x"),
        path("C:\\x"),
        path("\\a:stream"),
        path("\\a//b"),
        path("/a/../../x"),
        path("a/x"),
        path("\\a\\\\b"),
        utf16("\\a") + u16(0) + utf16("b") + u16(0),
        utf16("\\a") + "x",
        path("\\a\nb")
    );
    Drive drive{granted(true, true)};
    auto const heard = drive.target_says(create(1, name));
    CHECK(heard.fault.empty());
    CHECK(heard.to_vendor.empty());
    CHECK(heard.to_target == answer(1, bad_name, zeros(5)));
    drive.open("\\good");
    auto const rename = zeros(2) + u32(name.size()) + name;
    CHECK(drive.target_says(change(5, 2, 10, rename)).to_target == answer(2, bad_name, zeros(5)));
    auto const list = u32(1) + "\1" + u32(name.size()) + zeros(23) + name;
    CHECK(
        drive.target_says(request(0x0C, 5, 3, list, 1)).to_target == answer(3, bad_name, zeros(5))
    );
}

TEST_CASE("a slash separates folders, and goes on as the other one")
{
    Drive drive{granted(true, true)};
    CHECK(
        drive.target_says(create(1, path("/lot/a.txt"), writing)).to_vendor ==
        create(1, path("\\lot\\a.txt"), writing)
    );
    (void)drive.vendor_says(created(1, 5));
    CHECK(
        drive.target_says(change(5, 2, 10, rename_to("/lot/b.txt"))).to_vendor ==
        change(5, 2, 10, rename_to("\\lot\\b.txt"))
    );
    CHECK(
        drive.vendor_says(answer(2, 0, u32(0))).told.at(0) ==
        R"({"type":"file","operation":"rename","name":"\\lot\\a.txt","to":"\\lot\\b.txt","outcome":0})"
    );
    auto const list = [](std::string const& name) {
        return request(0x0C, 5, 3, u32(1) + "\1" + u32(name.size()) + zeros(23) + name, 1);
    };
    CHECK(drive.target_says(list(path("/lot/*"))).to_vendor == list(path("\\lot\\*")));
}

TEST_CASE("folders are listed, and what has no place here is answered")
{
    Drive drive{granted(true, false)};
    drive.open("\\");
    auto const list =
        request(0x0C, 5, 2, u32(1) + "\1" + u32(path("\\*").size()) + zeros(23) + path("\\*"), 1);
    CHECK(drive.target_says(list).to_vendor == list);
    auto const entry = answer(2, 0, u32(4) + "abcd");
    CHECK(drive.vendor_says(entry + zeros(1)).to_target == entry);
    CHECK(
        drive.target_says(request(0x0C, 5, 3, u32(1) + zeros(28), 2)).to_target ==
        answer(3, unsupported, zeros(5))
    );
    CHECK(
        drive.target_says(request(0x0E, 5, 4, zeros(32))).to_target ==
        answer(4, unsupported, zeros(5))
    );
    CHECK(
        drive.target_says(request(0x0B, 5, 5, zeros(32))).to_target == answer(5, denied, zeros(5))
    );
    CHECK(drive.target_says(request(0x77, 5, 6, {})).to_target == answer(6, unsupported, zeros(5)));
}

TEST_CASE("a file on a drive may be as large as the limit and no byte larger")
{
    SECTION("read")
    {
        Drive drive{granted(true, true)};
        drive.open("\\a");
        (void)drive.target_says(read(5, 2, 0, 1000));
        CHECK(drive.vendor_says(answer(2, 0, u32(1000) + std::string(1000, 'x'))).told.empty());
        (void)drive.target_says(read(5, 3, 1000, 1));
        auto const heard = drive.vendor_says(answer(3, 0, u32(1) + "x"));
        CHECK(heard.to_target == answer(3, denied, zeros(4)));
        CHECK(contains(heard.told.at(0), R"("what":"file_up")"));
        (void)drive.target_says(close_of(5, 4));
        CHECK(contains(drive.vendor_says(answer(4, 0, zeros(5))).told.at(0), R"("bytes":1000)"));
        CHECK(drive.target_says(read(5, 5, 1001, 1)).to_target == answer(5, denied, zeros(4)));
    }
    SECTION("its size is known")
    {
        Drive drive{granted(true, true)};
        drive.open("\\a");
        (void)drive.target_says(request(5, 5, 2, u32(5) + u32(0) + zeros(24)));
        (void)drive.vendor_says(answer(2, 0, u32(22) + u64(4096) + u64(1001) + zeros(6)));
        CHECK(drive.target_says(read(5, 3, 0, 10)).to_target == answer(3, denied, zeros(4)));
    }
    SECTION("written")
    {
        Drive drive{granted(true, true)};
        drive.open("\\a", writing);
        CHECK(drive.target_says(write(5, 2, 0, std::string(1000, 'x'))).to_target.empty());
        auto const heard = drive.target_says(write(5, 3, 1000, "x"));
        CHECK(heard.to_vendor.empty());
        CHECK(heard.to_target == answer(3, denied, zeros(5)));
        CHECK(contains(heard.told.at(0), R"("what":"file_down")"));
    }
}

TEST_CASE("answers that nobody waits for go nowhere")
{
    Drive drive{granted(true, true)};
    drive.open("\\a");
    CHECK(drive.vendor_says(answer(9, 0, u32(5) + "hello")).to_target.empty());
    (void)drive.target_says(read(5, 2, 0, 5));
    (void)drive.vendor_says(answer(2, 0, u32(5) + "hello"));
    CHECK(drive.vendor_says(answer(2, 0, u32(5) + "hello")).to_target.empty());
    // The drive goes, with what was open on it.
    (void)drive.target_says(read(5, 3, 5, 5));
    auto const gone = drive.vendor_says(packet(0x444D, u32(2) + u32(1) + u32(44)));
    CHECK(gone.to_target == packet(0x444D, u32(1) + u32(1)));
    CHECK(contains(gone.told.at(0), R"("complete":false)"));
    CHECK(drive.vendor_says(answer(3, 0, u32(5) + "hello")).to_target.empty());
    CHECK(drive.target_says(create(4, path("\\a"))).to_vendor.empty());
}

TEST_CASE("thousands of device requests without an answer end the session")
{
    Drive drive{granted(true, true)};
    std::uint32_t passed = 0;
    while (drive.target_says(create(passed, path("\\a"))).fault.empty() && passed < 5000)
        ++passed;
    CHECK(passed == 1024);
}

TEST_CASE("malformed device packets end the session")
{
    struct Row {
        char const* what;
        Direction direction;
        std::string bytes;
    };
    auto const to_vendor = Direction::to_vendor;
    auto const to_target = Direction::to_target;
    auto const row = GENERATE_COPY(values<Row>({
        {"short", to_vendor, u16(0x4472)},
        {"component", to_vendor, u16(0x1234) + u16(0x4952)},
        {"packet", to_vendor, packet(0x0001, {})},
        {"request from the vendor", to_target, create(1, path("\\a"))},
        {"answer from the target", to_vendor, answer(1, 0, zeros(5))},
        {"devices from the target", to_vendor, devices(1, device(8, 1, "C:"))},
        {"count beyond the list", to_target, devices(2, device(8, 2, "D:"))},
        {"huge count", to_target, devices(0xFFFFFFFF, {})},
        {"data beyond the list",
         to_target,
         devices(1, u32(8) + u32(2) + zeros(8) + u32(0xFFFFFFFF))},
        {"one id twice", to_target, devices(1, device(8, 1, "D:"))},
        {"request", to_vendor, packet(0x4952, u32(1) + u32(0) + u32(0) + u32(0))},
        {"path beyond the request",
         to_vendor,
         request(0, 0, 1, u32(1) + u64(0) + zeros(8) + u32(1) + u32(0) + u32(100) + "ab")},
        {"disposition", to_vendor, create(1, path("\\a"), {.disposition = 6})},
        {"write beyond the request",
         to_vendor,
         request(4, 5, 1, u32(100) + u64(0) + zeros(20) + "short")},
        {"rename beyond its buffer", to_vendor, change(5, 1, 10, zeros(2) + u32(0xFFFFFFFF))},
        {"set information", to_vendor, request(6, 5, 1, u32(4) + u32(100) + zeros(24))},
        {"query", to_vendor, request(5, 5, 1, zeros(4))},
        {"capability length",
         to_vendor,
         packet(0x5350, u16(1) + u16(0) + u16(1) + u16(4) + u32(1))},
        {"capability beyond",
         to_vendor,
         packet(0x5350, u16(1) + u16(0) + u16(1) + u16(44) + u32(1))},
        {"capability count", to_vendor, packet(0x5350, u16(9) + u16(0))},
        {"name beyond", to_target, packet(0x434E, u32(1) + u32(0) + u32(80) + "a")},
        {"completion", to_target, packet(0x4943, u32(1) + u32(2))},
        {"gone beyond", to_target, packet(0x444D, u32(3) + u32(1))},
    }));
    CAPTURE(row.what);
    Drive drive{granted(true, true)};
    drive.open("\\f");
    CHECK_FALSE(drive.say(row.direction, row.bytes).fault.empty());
}

TEST_CASE("answers that lie end the session")
{
    Drive drive{granted(true, true)};
    drive.open("\\f", writing);
    SECTION("more than was asked for")
    {
        (void)drive.target_says(read(5, 2, 0, 3));
        CHECK_FALSE(drive.vendor_says(answer(2, 0, u32(4) + "four")).fault.empty());
    }
    SECTION("less than announced")
    {
        (void)drive.target_says(read(5, 2, 0, 30));
        CHECK_FALSE(drive.vendor_says(answer(2, 0, u32(20) + "four")).fault.empty());
    }
    SECTION("more written than sent")
    {
        (void)drive.target_says(write(5, 2, 0, "abc"));
        CHECK_FALSE(drive.vendor_says(answer(2, 0, u32(4))).fault.empty());
    }
    SECTION("a file without its number")
    {
        (void)drive.target_says(create(2, path("\\g")));
        CHECK_FALSE(drive.vendor_says(answer(2, 0, u16(1))).fault.empty());
    }
    SECTION("one number for two requests")
    {
        (void)drive.target_says(read(5, 2, 0, 3));
        CHECK_FALSE(drive.target_says(read(5, 2, 3, 3)).fault.empty());
    }
}

TEST_CASE("a file number that is given out twice closes the first file")
{
    Drive drive{granted(true, true)};
    drive.open("\\one");
    (void)drive.target_says(read(5, 2, 0, 3));
    (void)drive.vendor_says(answer(2, 0, u32(3) + "abc"));
    (void)drive.target_says(create(3, path("\\two")));
    auto const heard = drive.vendor_says(created(3, 5));
    CHECK(contains(heard.told.at(0), R"("name":"\\one","bytes":3)"));
    CHECK(contains(heard.told.at(0), R"("complete":false)"));
}
