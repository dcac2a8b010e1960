#include "common/bytes.h"
#include "gateway/ssh/byte_budget.h"
#include "gateway/ssh/command.h"
#include "gateway/ssh/exec_tap.h"
#include "gateway/ssh/login.h"
#include "gateway/ssh/menu.h"
#include "gateway/ssh/request_checks.h"
#include "gateway/ssh/scp_tap.h"
#include "gateway/ssh/terminal_watch.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse;
using namespace ecluse::ssh;
using namespace std::chrono_literals;

namespace {

Deadline const start{100h};

TapRules rules(std::uint64_t budget, bool may_upload, bool may_download)
{
    return {
        .channel = 3,
        .budget_bytes = budget,
        .may_upload = may_upload,
        .may_download = may_download,
        .command = {},
        .refusal = {}};
}

} // namespace

TEST_CASE("a login splits into its parts, and odd ones are nobody")
{
    auto const full = split_login("a.martin+serveur-1+root");
    REQUIRE(full);
    CHECK(full->login == "a.martin");
    CHECK(full->asset == "serveur-1");
    CHECK(full->account == "root");
    REQUIRE(split_login("alice"));
    CHECK(split_login("alice")->asset.empty());
    for (std::string const odd :
         {"", "+", "alice+", "+asset", "a+b+c+d", "a b", "a\nb", "a;b", "é", "a/../b"}) {
        CAPTURE(odd);
        CHECK(!split_login(odd));
    }
    CHECK(!split_login(std::string(10'000'000, 'a')));
    CHECK(split_login(std::string(64, 'a')));
    CHECK(!split_login(std::string(65, 'a')));
    CHECK(!split_login(std::string_view{"a\0b", 3}));
}

TEST_CASE("only a command that can run nothing else counts as a transfer")
{
    struct Row {
        char const* command;
        ChannelKind kind;
    };
    for (auto const& row : std::initializer_list<Row>{
             {"scp -t /tmp", ChannelKind::scp_up},
             {"scp -r -p -d -t -- /tmp/x", ChannelKind::scp_up},
             {"scp -f /tmp/x", ChannelKind::scp_down},
             {"scp -v -f 'a b'", ChannelKind::scp_down},
             {"scp -f a\\ b", ChannelKind::scp_down},
             {"scp -t /tmp; sh", ChannelKind::exec},
             {"scp -t /tmp\nsh", ChannelKind::exec},
             {"scp -t $(sh)", ChannelKind::exec},
             {"scp -t `sh`", ChannelKind::exec},
             {"scp -t /tmp | sh", ChannelKind::exec},
             {"scp -t /tmp & sh", ChannelKind::exec},
             {"scp -S /bin/sh -t x", ChannelKind::exec},
             {"scp -t -f x", ChannelKind::exec},
             {"scp -t", ChannelKind::exec},
             {"scp x y", ChannelKind::exec},
             {"scp -t 'open", ChannelKind::exec},
             {"/tmp/scp -t x", ChannelKind::exec},
             {"rsync --server -logDtpre.iLsfxCIvu . /tmp/", ChannelKind::rsync_up},
             {"rsync --server --sender -logDtpre.iLsfxCIvu . /tmp/", ChannelKind::rsync_down},
             {"rsync --server -e.x --sender . /tmp/", ChannelKind::exec},
             {"rsync --server --rsh=sh . /tmp/", ChannelKind::exec},
             {"rsync --daemon", ChannelKind::exec},
             {"rsync a b", ChannelKind::exec},
             {"ls", ChannelKind::exec},
             {"", ChannelKind::exec}}) {
        CAPTURE(row.command);
        CHECK(classify_command(row.command) == row.kind);
    }
}

TEST_CASE("a budget is spent at once and refills as a person types")
{
    ByteBudget budget{1000, start};
    CHECK(budget.take(400, start) == 400);
    CHECK(budget.take(700, start) == 600);
    CHECK(budget.take(1, start) == 0);
    // Never more than the budget itself, however long it rests.
    CHECK(budget.take(1'000'000, start + 100h) == 1000);
    // A clock that does not advance gives nothing.
    CHECK(budget.take(1, start) == 0);
}

TEST_CASE("a bulk that spent its budget leaves no crumbs, and what follows it is recorded again")
{
    constexpr std::uint64_t most = 4 * ByteBudget::regain_bytes;
    ByteBudget budget{most, start};
    CHECK(budget.take(most, start) == most); // all of it, nothing missing
    CHECK(budget.take(100, start + 10ms) == 100);
    CHECK(budget.take(1'000'000, start + 20ms) > 0);
    CHECK(budget.take(1'000'000, start + 100ms) == 0);
    CHECK(budget.take(1, start + 250ms) == 0);
    CHECK(budget.take(10, start + 300ms) == 10);
    CHECK(budget.take(10, start + 300ms) == 10);
}

TEST_CASE("a command is recorded in full within its budget")
{
    ExecTap tap{rules(10, false, false), start};
    auto const first = tap.down("hello", start);
    CHECK(first.record == "hello");
    CHECK(first.forward == "hello");
    auto const second = tap.down("world!", start);
    // INVARIANT: nothing is delivered that is not recorded.
    CHECK(second.record == "world");
    CHECK(second.forward == "world");
    CHECK(second.stop == "function");
    // The other direction has a budget of its own.
    CHECK(tap.up("hello", start).stop.empty());
    CHECK(tap.conclude(0).empty());
}

TEST_CASE("bulk of a command passes where the window grants that direction, hashed")
{
    ExecTap tap{rules(5, false, true), start};
    CHECK(tap.down("hello world", start).forward == "hello world");
    auto const more = tap.down("!", start);
    CHECK(more.record.empty());
    CHECK(more.notes.empty()); // the beginning of the gap was told once
    auto const events = tap.conclude(0);
    REQUIRE(events.size() == 1);
    CHECK(events[0].find(to_hex(sha256("hello world!"))) != std::string::npos);
    CHECK(tap.up("123456", start).stop == "function");
}

TEST_CASE("old scp is followed file by file")
{
    ScpTap tap{rules(0, true, false), true};
    std::string recorded;
    std::vector<std::string> events;
    for (std::string_view const part :
         {std::string_view{"D0755 0 dir\nC0644 5 a"},
          std::string_view{".txt\nhel"},
          std::string_view{"lo\0C0600 0 e\n\0E\n", 16}}) {
        auto const result = tap.up(part, start);
        CHECK(result.forward == part);
        CHECK(result.stop.empty());
        recorded += result.record;
        events.insert(events.end(), result.events.begin(), result.events.end());
    }
    REQUIRE(events.size() == 2);
    CHECK(events[0].find("dir/a.txt") != std::string::npos);
    CHECK(events[0].find(to_hex(sha256("hello"))) != std::string::npos);
    CHECK(recorded.find("hello") == std::string::npos);
    CHECK(recorded.find("C0644 5 a.txt") != std::string::npos);
    CHECK(tap.down(std::string_view{"\0\0\x01scp: no\n\0", 12}, start).stop.empty());
    CHECK(tap.down("prompt$ ", start).stop == "protocol");
    for (std::string_view const bad :
         {"sh -i\n",
          "C0644 x a\n",
          "C0644 5\n",
          "\n",
          "E\n",
          "C0644 99999999999999999999999 a\n"}) {
        CAPTURE(bad);
        ScpTap other{rules(0, true, false), true};
        CHECK(other.up(bad, start).stop == "protocol");
    }
    ScpTap endless{rules(0, true, false), true};
    CHECK(endless.up(std::string(10'000, 'C'), start).stop == "protocol");
}

TEST_CASE("input after a question for a secret is hidden to the end of its line")
{
    TerminalWatch watch;
    watch.on_output("$ sudo id\r\n[sudo] Mot de passe de alice : ");
    auto const typed = watch.on_input("s3cr\ret id\r", start);
    CHECK(typed.hidden);
    CHECK(typed.count == 5);
    CHECK(!watch.on_input("et id\r", start).hidden);
    for (auto const* const prompt :
         {"Password:",
          "alice@host's password: ",
          "Enter passphrase for key '/x': ",
          "\x1b[1mPassword:\x1b[0m "}) {
        CAPTURE(prompt);
        TerminalWatch other;
        other.on_output(prompt);
        CHECK(other.on_input("x", start).hidden);
    }
    for (auto const* const prompt :
         {"$ ", "password file is /etc/passwd\r\n$ ", "Your name: ", "the password is lost"}) {
        CAPTURE(prompt);
        TerminalWatch other;
        other.on_output(prompt);
        CHECK(!other.on_input("x", start).hidden);
    }
}

TEST_CASE("input that is shown as typed was not hidden")
{
    TerminalWatch watch;
    watch.on_output("Enter the secret code: ");
    CHECK(watch.on_input("ab", start).hidden);
    watch.on_output("ab");
    CHECK(!watch.on_input("cd", start).hidden);
}

TEST_CASE("input that the terminal answers with nothing for half a second is hidden")
{
    TerminalWatch watch;
    watch.on_output("? ");
    CHECK(!watch.on_input("a", start).hidden);
    CHECK(!watch.on_input("b", start + 499ms).hidden);
    CHECK(watch.on_input("c", start + 500ms).hidden);
    CHECK(watch.on_input("\r", start + 501ms).hidden);
    CHECK(!watch.on_input("d", start + 502ms).hidden);
    TerminalWatch full_screen;
    full_screen.on_output("\x1b[?1049h");
    CHECK(full_screen.in_full_screen());
    CHECK(!full_screen.on_input("a", start).hidden);
    CHECK(!full_screen.on_input("b", start + 2s).hidden);
    full_screen.on_output("\x1b[?10");
    full_screen.on_output("49l");
    CHECK(!full_screen.in_full_screen());
}

TEST_CASE("the menu takes a number, and nothing strange")
{
    Menu menu;
    menu.windows.resize(2);
    menu.windows[0].asset_name = "un\x1b[2J";
    menu.windows[1].window = "W-2";
    MenuDialog dialog{menu, Language::french, true};
    CHECK(dialog.show().find('\x1b') == std::string::npos);
    CHECK(!dialog.on_input("0\r").chosen);
    CHECK(!dialog.on_input("3\r").chosen);
    CHECK(!dialog.on_input("99999999999999999999\r").chosen);
    CHECK(dialog.on_input("e\r").output.find("Your open windows") != std::string::npos);
    CHECK(dialog.on_input("1\x7f").output == "1\b \b");
    auto const step = dialog.on_input("2\r");
    REQUIRE(step.chosen);
    CHECK(step.chosen->window == "W-2");
    CHECK(dialog.on_input("q\r").quit);
    CHECK(dialog.on_input("\x03").quit);
}

TEST_CASE("a terminal's size is a screen's, whatever a client claims")
{
    CHECK(bounded_size(65535, 65535).columns == 1000);
    CHECK(bounded_size(65535, 65535).rows == 500);
    CHECK(bounded_size(-1, -1).columns == 1);
    CHECK(bounded_size(0, 0).columns == 80);
    CHECK(bounded_size(132, 50).rows == 50);
}

TEST_CASE("names and values of a client's requests are plain words")
{
    CHECK(is_terminal_name("xterm-256color"));
    CHECK(!is_terminal_name("x\x1b[2J"));
    CHECK(!is_terminal_name(std::string(65, 'x')));
    CHECK(is_signal_name("TERM"));
    CHECK(!is_signal_name(""));
    CHECK(!is_signal_name("TERM\n"));
    CHECK(is_allowed_env({"LANG"}, "LANG", "fr_FR.UTF-8"));
    CHECK(!is_allowed_env({"LANG"}, "LD_PRELOAD", "x"));
    CHECK(!is_allowed_env({"LANG"}, "LANG", "a\nb"));
    CHECK(!is_allowed_env({"LANG"}, "LANG", std::string(1025, 'a')));
    CHECK(!is_allowed_env({}, "LANG", "C"));
}
