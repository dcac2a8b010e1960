#include "recorder/screen/look.h"
#include "recorder/screen/screen.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <array>
#include <random>
#include <string>
#include <string_view>

using namespace ecluse::screen;

namespace {

/// What programs send, and what they should not: pieces of output that touch everything the screen
/// follows.
class Output {
public:
    explicit Output(unsigned seed) : random_{seed} {}

    std::string piece()
    {
        static constexpr std::array<std::string_view, 34> fixed{
            "\r\n",
            "\n",
            "\r",
            "\b",
            "\t",
            "\x1b"
            "7",
            "\x1b"
            "8",
            "\x1b"
            "D",
            "\x1b"
            "M",
            "\x1b"
            "E",
            "\x1b(0",
            "\x1b(B",
            "\x1b)0",
            "\x0e",
            "\x0f",
            "\x1b[m",
            "\x1b[?1049h",
            "\x1b[?1049l",
            "\x1b[?25l",
            "\x1b[?25h",
            "\x1b[?7l",
            "\x1b[?7h",
            "\x1b[4h",
            "\x1b[4l",
            "\x1b[?6h",
            "\x1b[?6l",
            "\x1b[!p",
            "\x1b"
            "c",
            "\x1b#8",
            "\x1b[r",
            "\x1b]0;titre\a",
            "\x1b[H\x1b[2J",
            "\x1b[?47h",
            "\x1b[?47l"};
        switch (number(12)) {
        case 0:
        case 1:
            return std::string{fixed[number(fixed.size())]};
        case 2:
        case 3:
        case 4:
            return words();
        case 5:
            return "\x1b[" + std::to_string(number(12)) + ';' + std::to_string(number(22)) +
                   "HfrHH"[number(5)];
        case 6:
            return "\x1b[" + std::to_string(number(8)) + "m";
        case 7:
            return "\x1b[" + std::to_string(number(9)) + ";38;5;" + std::to_string(number(256)) +
                   ";4" + std::to_string(number(9)) + "m";
        case 8:
            return "\x1b[48;2;1;2;" + std::to_string(number(256)) + "m\x1b[4:3m";
        default:
            return "\x1b[" + std::to_string(number(25)) + "ABCDEFGIJKLMPSTXZ@`abdegr"[number(25)];
        }
    }

private:
    std::size_t number(std::size_t below) { return random_() % below; }
    std::string words()
    {
        static constexpr std::array<std::string_view, 7> letters{
            "a", "é", "漢", "e\xCC\x81", "─", " ", "zz"};
        std::string text;
        for (auto i = number(30); i > 0; --i)
            text += letters[number(letters.size())];
        return text;
    }
    std::mt19937 random_;
};

std::string screen_after(std::string_view output)
{
    Screen screen{{10, 3}};
    screen.feed(output);
    REQUIRE(screen.is_sure());
    return screen.snapshot();
}

} // namespace

TEST_CASE("a snapshot and the rest show what the whole shows, whatever was sent")
{
    int said = 0;
    for (unsigned seed = 1; seed <= 4000; ++seed) {
        Output output{seed};
        Screen whole{{20, 8}};
        std::string sent;
        for (unsigned i = seed % 60; i > 0; --i)
            sent += output.piece();
        whole.feed(sent);
        whole.feed("\x1b[m");
        if (!whole.is_sure()) continue;
        ++said;
        Screen resumed{whole.size()};
        resumed.feed(whole.snapshot());
        CAPTURE(seed, sent, whole.snapshot());
        REQUIRE(resumed.shows_as(whole));
        for (int i = 0; i < 30; ++i) {
            auto const piece = output.piece();
            whole.feed(piece);
            resumed.feed(piece);
            CAPTURE(i, piece);
            REQUIRE(resumed.shows_as(whole));
        }
    }
    // Most of what is sent is known: it says so.
    CHECK(said > 2000);
}

TEST_CASE("a snapshot says what stands where, and how")
{
    CHECK(screen_after("") == "\x1b[1;1H");
    CHECK(screen_after("ab\r\n\x1b[1mc\x1b[m") == "\x1b[1;1Hab\x1b[2;1H\x1b[0;1mc\x1b[0m\x1b[2;2H");
    // A ground of its own, and the other screen behind.
    CHECK(
        screen_after("\x1b[44m\x1b[K\x1b[m\x1b[?1049hx\x1b[?25l") ==
        "\x1b[0;44m\x1b[1;1H\x1b[10X\x1b[0m\x1b[?1047h\x1b[1;1Hx\x1b[1;2H\x1b[?25l"
    );
    // Ten letters fill the row: the cursor waits to wrap.
    CHECK(screen_after("0123456789\x1b[m") == "\x1b[1;1H0123456789\x1b[1;10H9");
}

TEST_CASE("what is not followed is not said")
{
    auto const [what, output] = GENERATE(table<char const*, std::string>({
        {"half a sequence", "\x1b[1"},
        {"half a title", "\x1b]0;titre"},
        {"right after a letter, which the next one may join", "e"},
        {"national letters", "\x1b(K"},
        {"columns that move", "\x1b[3'}"},
        {"a screen drawn without being shown", "\x1b[?2026h"},
        {"line feeds that return", "\x1b[20h"},
        {"line feeds that return, beyond every reset",
         "\x1b[20h\x1b"
         "c"},
        {"stops of its own", "\x1b[3g"},
        {"a mark on nothing", "\xCC\x81\r"},
    }));
    CAPTURE(what);
    Screen screen{{10, 3}};
    screen.feed(output);
    CHECK_FALSE(screen.is_sure());
}

TEST_CASE("after a size of its own, a screen is known when it is drawn anew")
{
    Screen screen{{10, 3}};
    screen.feed("a\r\nb\r\n");
    screen.resize({12, 5});
    CHECK_FALSE(screen.is_sure());
    SECTION("cleared")
    {
        screen.feed("\x1b[H\x1b[J");
        CHECK(screen.is_sure());
    }
    SECTION("rolled away")
    {
        for (int i = 0; i < 40; ++i)
            screen.feed("ligne\r\n");
        CHECK(screen.is_sure());
    }
    SECTION("another screen is, but not the one behind")
    {
        screen.feed("\x1b[?1049h\x1b[H\x1b[2J");
        CHECK_FALSE(screen.is_sure());
    }
    SECTION("the same size changes nothing")
    {
        screen.feed("\x1b[H\x1b[J");
        screen.resize({12, 5});
        CHECK(screen.is_sure());
    }
}

TEST_CASE("a sequence that would keep a page busy for hours is obeyed by nobody")
{
    Screen screen{{10, 3}};
    screen.feed("a\x1b[2147483647b\x1b[2147483647L\x1b[2147483647S");
    CHECK(screen.snapshot() == "\x1b[1;1Ha\x1b[1;2H");
}

TEST_CASE("titles are told, sizes have bounds")
{
    Screen screen{bounded(60'000, 0)};
    CHECK(screen.size() == Size{500, 1});
    screen.feed("\x1b]2;vim notes\x1b\\\x1b]0;htop\a\x1b]52;c;cGlyYXRl\a");
    CHECK(screen.take_titles() == std::vector<std::string>{"vim notes", "htop"});
    CHECK(screen.take_titles().empty());
}
