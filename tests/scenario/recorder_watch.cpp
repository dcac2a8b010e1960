#include "common/json.h"
#include "recorder/format/mp4.h"
#include "tests/support/must.h"
#include "tests/support/recorder_process.h"

#include <csignal>
#include <functional>
#include <poll.h>
#include <sys/socket.h>

using namespace ecluse;
using namespace ecluse::test;
using namespace std::chrono_literals;

namespace {

/// Whoever watches: reads frames from the other end of what the recorder was given.
class Watcher {
public:
    Watcher(PolicydSide& policyd, std::string const& session, std::string const& watch)
    {
        int pair[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
        Fd const given{pair[0]};
        fd_ = Fd{pair[1]};
        answer = policyd.ask(
            {{"do", "recorder.watch"}, {"session", session}, {"watch", watch}}, {given.get()}
        );
    }
    /// Reads until `enough`, or the end.
    void read_until(std::function<bool(Watcher const&)> const& enough)
    {
        auto const deadline = std::chrono::steady_clock::now() + 20s;
        while (!enough(*this) && !closed) {
            REQUIRE(std::chrono::steady_clock::now() < deadline);
            pollfd watched{fd_.get(), POLLIN, 0};
            if (::poll(&watched, 1, 100) <= 0) continue;
            std::string piece(256 * 1024, '\0');
            auto const got = ::recv(fd_.get(), piece.data(), piece.size(), 0);
            if (got <= 0) {
                closed = true;
                break;
            }
            piece.resize(static_cast<std::size_t>(got));
            for (auto const& frame : must(decoder_.feed(piece)))
                take(frame);
        }
    }
    void read_to_end()
    {
        read_until([](Watcher const&) { return false; });
    }

    json::object answer;
    std::string text, sizes, video, events, why;
    std::string others; // kinds nobody should see
    bool closed = false;

private:
    void take(FrameView const& frame)
    {
        switch (frame.kind) {
        case FrameKind::output:
            text += frame.payload;
            break;
        case FrameKind::resize:
            sizes += std::string{frame.payload} + " ";
            break;
        case FrameKind::video:
            video += frame.payload;
            break;
        case FrameKind::event:
            events += frame.payload;
            break;
        case FrameKind::end:
            why = must(parse_object(frame.payload)).at("reason").as_string();
            break;
        default:
            others += static_cast<char>(frame.kind);
        }
    }

    Fd fd_;
    FrameDecoder decoder_;
};

bool is_refused(json::object const& answer, std::string_view code)
{
    return !answer.at("ok").as_bool() &&
           answer.at("error").as_object().at("code").as_string() == code;
}

mp4::Sample sample(std::uint64_t at_ms, bool key, char fill)
{
    return {at_ms, 100, key, std::string("\0\0\0\x40", 4) + std::string(64, fill)};
}

} // namespace

TEST_CASE(
    "whoever comes late sees the terminal from its beginning, then as it goes on",
    "[CLAUSIER:O-9.9]"
)
{
    TemporaryFolder const root;
    RecorderProcess recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto intake = policyd.create(session_id(1));
    intake.write(FrameKind::resize, "100x30");
    intake.write(FrameKind::output, "before ");
    intake.write(FrameKind::input, "ls\r");
    intake.write(FrameKind::hidden_input, "secret\r");
    REQUIRE(intake.acknowledged(4));
    intake.write(FrameKind::output, "again ");
    REQUIRE(intake.acknowledged(5));

    Watcher late{policyd, session_id(1), "O-1"};
    REQUIRE(late.answer.at("ok").as_bool());
    late.read_until([](Watcher const& seen) { return seen.text == "before again "; });
    CHECK(late.sizes == "100x30 ");
    CHECK(late.events == R"({"type":"view","whole":true})");
    intake.write(FrameKind::output, "now");
    late.read_until([](Watcher const& seen) { return seen.text == "before again now"; });
    intake.write(FrameKind::end, R"({"reason":"client_left"})");
    late.read_to_end();
    CHECK(late.why == "ended");
    CHECK(late.others.empty());
    auto const told = policyd.push("watch_ended");
    CHECK(told.at("watch").as_string() == "O-1");
    CHECK(told.at("why").as_string() == "ended");
    CHECK(policyd.push("sealed", session_id(1)).at("end_reason").as_string() == "client_left");
}

TEST_CASE(
    "a viewer who does not read is dropped, and the recording goes on in its time", "[CHM:8.5]"
)
{
    TemporaryFolder const root;
    RecorderProcess recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto intake = policyd.create(session_id(1));
    Watcher slow{policyd, session_id(1), "O-1"};
    Watcher quick{policyd, session_id(1), "O-2"};
    REQUIRE(slow.answer.at("ok").as_bool());
    std::size_t written = 0;
    std::string const block(256 * 1024, 'x');
    for (std::uint64_t i = 1; i <= 80; ++i) {
        intake.write(FrameKind::output, block);
        written += block.size();
        CHECK(intake.acknowledged(i, 1s));
        quick.read_until([&](Watcher const& seen) { return seen.text.size() == written; });
    }
    auto const told = policyd.push("watch_ended");
    CHECK(told.at("watch").as_string() == "O-1");
    CHECK(told.at("why").as_string() == "viewer_slow");
    CHECK_FALSE(quick.closed);
    slow.read_to_end();
    CHECK(slow.text.size() < written);
    intake.write(FrameKind::end, R"({"reason":"client_left"})");
    quick.read_to_end();
    CHECK(quick.why == "ended");
    policyd.push("sealed", session_id(1));
}

TEST_CASE("watching ends when policyd says so, and when policyd goes")
{
    TemporaryFolder const root;
    RecorderProcess recorder{root.path()};
    auto policyd = std::make_unique<PolicydSide>(recorder.socket());
    auto intake = policyd->create(session_id(1));
    Watcher one{*policyd, session_id(1), "O-1"};
    Watcher two{*policyd, session_id(1), "O-2"};
    CHECK(policyd->ask({{"do", "recorder.unwatch"}, {"watch", "O-1"}}).at("ok").as_bool());
    one.read_to_end();
    CHECK(one.why == "access_ended");
    intake.write(FrameKind::output, "only two");
    two.read_until([](Watcher const& seen) { return seen.text == "only two"; });
    policyd.reset();
    two.read_to_end();
    CHECK(two.why == "policyd_lost");
    CHECK(one.text.empty());
}

TEST_CASE("only a session that lives is watched, by so many, and by one socket each")
{
    TemporaryFolder const root;
    RecorderProcess recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    CHECK(is_refused(Watcher{policyd, session_id(7), "O-0"}.answer, "E-REC-01"));
    auto intake = policyd.create(session_id(1));
    std::vector<std::unique_ptr<Watcher>> watchers;
    for (int i = 1; i <= 8; ++i) {
        watchers.push_back(
            std::make_unique<Watcher>(policyd, session_id(1), "O-" + std::to_string(i))
        );
        REQUIRE(watchers.back()->answer.at("ok").as_bool());
        watchers.back()->read_until([](Watcher const& seen) { return !seen.events.empty(); });
    }
    CHECK(is_refused(Watcher{policyd, session_id(1), "O-9"}.answer, "E-REC-02"));
    watchers.erase(watchers.begin());
    policyd.push("watch_ended");
    CHECK(Watcher{policyd, session_id(1), "O-9"}.answer.at("ok").as_bool());
    intake.write(FrameKind::end, R"({"reason":"client_left"})");
    policyd.push("sealed", session_id(1));
    CHECK(is_refused(Watcher{policyd, session_id(1), "O-10"}.answer, "E-REC-01"));
    CHECK_FALSE(
        policyd.try_ask({{"do", "recorder.watch"}, {"session", session_id(1)}, {"watch", "O-11"}})
    );
}

TEST_CASE("kill -9 of the recorder closes the view without a last word")
{
    TemporaryFolder const root;
    RecorderProcess recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto intake = policyd.create(session_id(1));
    Watcher watcher{policyd, session_id(1), "O-1"};
    watcher.read_until([](Watcher const& seen) { return !seen.events.empty(); });
    recorder.signal(SIGKILL);
    recorder.wait();
    watcher.read_to_end();
    CHECK(watcher.why.empty());
}

TEST_CASE("a desktop is seen from its last key picture on")
{
    TemporaryFolder const root;
    RecorderProcess recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto intake = policyd.create(session_id(1));
    auto const beginning = mp4::beginning(
        {640, 480, std::string{"\x67\x64\x00\x1e\xac", 5}, std::string{"\x68\xee", 2}}
    );
    auto const first = mp4::fragment(1, {sample(0, true, 'a'), sample(100, false, 'b')});
    auto const second = mp4::fragment(2, {sample(200, false, 'c')});
    auto const third = mp4::fragment(3, {sample(300, false, 'd'), sample(400, true, 'e')});
    auto const fourth = mp4::fragment(4, {sample(500, false, 'f')});
    intake.write(FrameKind::video, beginning + first);
    REQUIRE(intake.acknowledged(1));
    intake.write(FrameKind::key, R"({"scan":30,"extended":false,"down":true,"text":"a"})");
    intake.write(FrameKind::video, second);
    // A large fragment travels in several frames.
    intake.write(FrameKind::video, std::string_view{third}.substr(0, 100));
    REQUIRE(intake.acknowledged(4));
    intake.write(FrameKind::video, std::string_view{third}.substr(100));
    intake.write(FrameKind::video, fourth);
    REQUIRE(intake.acknowledged(6));
    Watcher late{policyd, session_id(1), "O-1"};
    auto const expected = beginning + third + fourth;
    late.read_until([&](Watcher const& seen) { return seen.video.size() >= expected.size(); });
    CHECK(late.video == expected);
    auto const fifth = mp4::fragment(5, {sample(600, false, 'g')});
    intake.write(FrameKind::video, fifth);
    late.read_until([&](Watcher const& seen) { return seen.video.size() > expected.size(); });
    CHECK(late.video == expected + fifth);
    CHECK(late.others.empty());
}
