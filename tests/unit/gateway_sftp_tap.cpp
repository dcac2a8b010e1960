#include "common/bytes.h"
#include "gateway/ssh/sftp_tap.h"
#include "gateway/ssh/wire.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse;
using namespace ecluse::ssh;

namespace {

TapRules rules(bool may_upload = true, bool may_download = true)
{
    return {
        .channel = 7,
        .budget_bytes = 0,
        .may_upload = may_upload,
        .may_download = may_download,
        .command = {},
        .refusal = "E-FON-01"};
}

std::string number(std::uint32_t value)
{
    std::string out;
    put_u32(out, value);
    return out;
}

std::string number64(std::uint64_t value)
{
    return number(static_cast<std::uint32_t>(value >> 32)) +
           number(static_cast<std::uint32_t>(value));
}

std::string word(std::string_view text)
{
    std::string out;
    put_text(out, text);
    return out;
}

std::string packet(std::uint8_t type, std::string const& body)
{
    return word(std::string(1, static_cast<char>(type)) + body);
}

std::string status(std::uint32_t id, std::uint32_t code)
{
    return packet(101, number(id) + number(code) + word("") + word(""));
}

std::string open_file(std::uint32_t id, std::string_view path, std::uint32_t flags)
{
    return packet(3, number(id) + word(path) + number(flags) + number(0));
}

std::string
write(std::uint32_t id, std::string_view handle, std::uint64_t offset, std::string_view data)
{
    return packet(6, number(id) + word(handle) + number64(offset) + word(data));
}

std::string read(std::uint32_t id, std::string_view handle, std::uint64_t offset)
{
    return packet(5, number(id) + word(handle) + number64(offset) + number(32768));
}

std::string close_handle(std::uint32_t id, std::string_view handle)
{
    return packet(4, number(id) + word(handle));
}

constexpr std::uint32_t reading = 1;
constexpr std::uint32_t writing = 2 | 8 | 16;

/// A session past its greeting.
struct Dialogue {
    explicit Dialogue(TapRules const& with) : tap{with}
    {
        REQUIRE(up(packet(1, number(3))) == packet(1, number(3)));
        REQUIRE(down(packet(2, number(3))) == packet(2, number(3)));
    }

    std::string up(std::string const& bytes) { return take(tap.up(bytes, {})); }
    std::string down(std::string const& bytes) { return take(tap.down(bytes, {})); }
    std::string take(Tap::Result const& result)
    {
        replies += result.reply;
        events.insert(events.end(), result.events.begin(), result.events.end());
        stopped = stopped || !result.stop.empty();
        return std::string{result.forward};
    }
    void open(std::string_view path, std::string_view handle, std::uint32_t flags)
    {
        up(open_file(1, path, flags));
        down(packet(102, number(1) + word(handle)));
    }
    [[nodiscard]] bool told(std::string_view part) const
    {
        for (auto const& event : events)
            if (event.find(part) != std::string::npos) return true;
        return false;
    }

    SftpTap tap;
    std::string replies;
    std::vector<std::string> events;
    bool stopped = false;
};

} // namespace

TEST_CASE("an uploaded file is told with its name, size and hash")
{
    Dialogue dialogue{rules()};
    dialogue.open("/tmp/a", "h", writing);
    CHECK(dialogue.up(write(2, "h", 0, "hello ")) == write(2, "h", 0, "hello "));
    dialogue.up(write(3, "h", 6, "world"));
    dialogue.down(status(2, 0) + status(3, 0));
    dialogue.up(close_handle(4, "h"));
    CHECK(dialogue.events.empty());
    dialogue.down(status(4, 0));
    REQUIRE(dialogue.events.size() == 1);
    CHECK(dialogue.told(to_hex(sha256("hello world"))));
    CHECK(dialogue.told("\"name\":\"/tmp/a\",\"bytes\":11"));
    CHECK(dialogue.told("\"sequential\":true,\"complete\":true"));
    CHECK(!dialogue.stopped);
}

TEST_CASE("bytes out of order are told as such, without a hash")
{
    Dialogue dialogue{rules()};
    dialogue.open("/tmp/a", "h", writing);
    dialogue.up(write(2, "h", 6, "world") + write(3, "h", 0, "hello "));
    dialogue.down(status(2, 0) + status(3, 0));
    dialogue.up(close_handle(4, "h"));
    dialogue.down(status(4, 0));
    CHECK(dialogue.told("\"sha256\":null,\"sequential\":false"));
    CHECK(dialogue.told("\"bytes\":11"));
}

TEST_CASE("a failed write or a lost connection makes a transfer incomplete")
{
    Dialogue dialogue{rules()};
    dialogue.open("/tmp/a", "h", writing);
    dialogue.up(write(2, "h", 0, "hello"));
    dialogue.down(status(2, 4));
    dialogue.up(close_handle(4, "h"));
    dialogue.down(status(4, 0));
    CHECK(dialogue.told("\"complete\":false"));

    Dialogue cut{rules()};
    cut.open("/tmp/a", "h", writing);
    cut.up(write(2, "h", 0, "hello"));
    auto const last = cut.tap.conclude(std::nullopt);
    REQUIRE(last.size() == 1);
    CHECK(last[0].find("\"complete\":false") != std::string::npos);
}

TEST_CASE("a downloaded file is hashed from the answers, complete at its end")
{
    Dialogue dialogue{rules()};
    dialogue.open("/etc/a", "h", reading);
    dialogue.up(read(2, "h", 0) + read(3, "h", 5));
    auto const answer = packet(103, number(2) + word("hello"));
    CHECK(dialogue.down(answer) == answer);
    dialogue.down(status(3, 1));
    dialogue.up(close_handle(4, "h"));
    dialogue.down(status(4, 0));
    CHECK(dialogue.told("\"direction\":\"down\""));
    CHECK(dialogue.told(to_hex(sha256("hello"))));
    CHECK(dialogue.told("\"complete\":true"));
}

TEST_CASE("what is not granted is answered by us and never forwarded")
{
    struct Row {
        char const* what;
        bool may_upload;
        bool may_download;
        std::string request;
        bool refused;
    };
    std::string const two = number(9) + word("/a") + word("/b");
    std::string const one = number(9) + word("/a");
    std::vector<Row> const rows{
        {"open for writing", false, true, open_file(9, "/a", writing), true},
        {"open for writing, granted", true, false, open_file(9, "/a", writing), false},
        {"open for reading", true, false, open_file(9, "/a", reading), true},
        {"open for reading, granted", false, true, open_file(9, "/a", reading), false},
        {"open for both", true, false, open_file(9, "/a", reading | writing), true},
        {"append alone", false, true, open_file(9, "/a", 4), true},
        {"create alone", false, true, open_file(9, "/a", 8), true},
        {"remove", false, true, packet(13, one), true},
        {"rename", false, true, packet(18, two), true},
        {"mkdir", false, true, packet(14, one + number(0)), true},
        {"rmdir", false, true, packet(15, one), true},
        {"symlink", false, true, packet(20, two), true},
        {"setstat", false, true, packet(9, one + number(0)), true},
        {"fsetstat", false, true, packet(10, one + number(0)), true},
        {"posix-rename",
         false,
         true,
         packet(200, number(9) + word("posix-rename@openssh.com") + word("/a") + word("/b")),
         true},
        {"posix-rename, granted",
         true,
         true,
         packet(200, number(9) + word("posix-rename@openssh.com") + word("/a") + word("/b")),
         false},
        {"stat", false, true, packet(17, one), false},
        {"copy-data", true, true, packet(200, number(9) + word("copy-data") + word("")), true},
        {"hardlink",
         true,
         true,
         packet(200, number(9) + word("hardlink@openssh.com") + word("/a") + word("/b")),
         true},
        {"a type of later versions", true, true, packet(21, two), true},
    };
    for (auto const& row : rows) {
        CAPTURE(row.what);
        Dialogue dialogue{rules(row.may_upload, row.may_download)};
        auto const forwarded = dialogue.up(row.request);
        CHECK(forwarded.empty() == row.refused);
        CHECK(dialogue.replies.empty() != row.refused);
        CHECK(!dialogue.stopped);
        if (!row.refused) continue;
        // id 9, then "permission denied" or "unsupported".
        CHECK(get_u32(std::string_view{dialogue.replies}.substr(5)) == 9);
        auto const code = get_u32(std::string_view{dialogue.replies}.substr(9));
        CHECK((code == 3 || code == 8));
    }
}

TEST_CASE("an answer of ours waits for the end of a packet under way")
{
    Dialogue dialogue{rules(false, true)};
    dialogue.open("/etc/a", "h", reading);
    dialogue.up(read(2, "h", 0));
    auto const answer = packet(103, number(2) + word("hello"));
    auto const first = dialogue.down(answer.substr(0, 15));
    dialogue.up(packet(13, number(9) + word("/a")));
    CHECK(dialogue.replies.empty());
    auto const rest = dialogue.down(answer.substr(15));
    CHECK((first + rest).substr(0, answer.size()) == answer);
    CHECK((first + rest).size() > answer.size());
}

TEST_CASE("the server's offer is cut down to what can be watched")
{
    SftpTap tap{rules()};
    CHECK(tap.up(packet(1, number(6)), {}).forward == packet(1, number(3)));
    auto const kept = word("posix-rename@openssh.com") + word("1");
    auto const offered = packet(
        2,
        number(3) + word("copy-data") + word("1") + kept + word("hardlink@openssh.com") +
            word("1") + word("new@example.com") + word("9")
    );
    CHECK(tap.down(offered, {}).forward == packet(2, number(3) + kept));
}

TEST_CASE("a stream that is not SFTP ends the channel")
{
    struct Row {
        char const* what;
        std::string up;
        std::string down;
    };
    std::vector<Row> const rows{
        {"a giant packet", number(0x7fffffff) + "\x03", ""},
        {"an empty packet", number(0) + "x", ""},
        {"an answer to nothing", "", status(77, 0)},
        {"two requests of one number",
         packet(17, number(5) + word("/a")) + packet(17, number(5) + word("/a")),
         ""},
        {"a length inside that is too long", packet(17, number(5) + number(1000) + "a"), ""},
        {"a second greeting", packet(1, number(3)), ""},
        {"a write longer than its packet",
         packet(6, number(5) + word("h") + number64(0) + number(100) + "x"),
         ""},
        {"a giant handle",
         packet(6, number(5) + word(std::string(300, 'h')) + number64(0) + word("x")),
         ""},
    };
    for (auto const& row : rows) {
        CAPTURE(row.what);
        Dialogue dialogue{rules()};
        if (!row.up.empty()) dialogue.up(row.up);
        if (!row.down.empty()) dialogue.down(row.down);
        CHECK(dialogue.stopped);
    }
    SftpTap early{rules()};
    CHECK(!early.up(open_file(1, "/a", reading), {}).stop.empty());
}

TEST_CASE("requests and files under way are bounded")
{
    Dialogue dialogue{rules()};
    std::uint32_t id = 0;
    while (!dialogue.stopped && id < 100'000)
        dialogue.up(packet(17, number(++id) + word("/a")));
    CHECK(id < 5000);
}
