#include "recorder/daemon/viewer.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <sys/socket.h>

using namespace ecluse;
using namespace ecluse::recorder;
using namespace std::chrono_literals;

namespace {

std::string frame(FrameKind kind, std::string_view payload)
{
    std::string made;
    append_frame(made, kind, 0, 1, payload);
    return made;
}

/// A viewer in a loop of its own, and the other end of its socket.
struct Watched {
    Watched()
    {
        int pair[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
        theirs = Fd{pair[1]};
        Fd ours{pair[0]};
        must(set_nonblocking(ours.get(), true));
        viewer = std::make_unique<Viewer>(loop, std::move(ours), [this](std::string const& said) {
            why = said;
            loop.stop();
        });
    }
    void add(std::string frames)
    {
        viewer->add(std::make_shared<std::string const>(std::move(frames)));
    }
    /// What comes until the viewer is closed, while somebody reads.
    std::string read_to_end()
    {
        std::string all;
        auto const reading = loop.on_readable(theirs.get(), [&] {
            std::string piece(256 * 1024, '\0');
            auto const got = ::recv(theirs.get(), piece.data(), piece.size(), MSG_DONTWAIT);
            if (got > 0) all.append(piece, 0, static_cast<std::size_t>(got));
        });
        auto const limit = loop.after(20s, [this] { loop.stop(); });
        loop.run();
        for (;;) {
            char piece[4096];
            auto const got = ::recv(theirs.get(), piece, sizeof piece, MSG_DONTWAIT);
            if (got <= 0) return all;
            all.append(piece, static_cast<std::size_t>(got));
        }
    }

    Loop loop;
    Fd theirs;
    std::unique_ptr<Viewer> viewer;
    std::string why;
};

/// Whole frames, and the reason in the last one.
std::vector<std::string> payloads(std::string const& bytes)
{
    FrameDecoder decoder;
    std::vector<std::string> found;
    for (auto const& one : must(decoder.feed(bytes)))
        found.emplace_back(one.payload);
    CHECK(decoder.partial_bytes() == 0);
    CHECK(decoder.ended());
    return found;
}

} // namespace

TEST_CASE("a viewer is shown the screen, and never what was typed", "[WEB:HE6]")
{
    auto const shown = frame(FrameKind::output, "root@irm:~# ") +
                       frame(FrameKind::resize, "80x24") + frame(FrameKind::video, "picture") +
                       frame(FrameKind::bytes_down, "out");
    auto const kept = frame(FrameKind::input, "ls\r") + frame(FrameKind::hidden_input, "secret\r") +
                      frame(FrameKind::key, R"({"scan":30,"down":true})") +
                      frame(FrameKind::event, R"({"type":"clipboard","text":"secret"})") +
                      frame(FrameKind::bytes_up, "in");
    CHECK(frames_to_watch(shown + kept) == shown);
    CHECK(frames_to_watch(kept).empty());
}

TEST_CASE("what was before comes first, and the reason last")
{
    Watched watched;
    watched.add(frame(FrameKind::output, "second"));
    watched.viewer->begin(frame(FrameKind::output, "first"));
    watched.add(frame(FrameKind::output, "third"));
    watched.viewer->finish("ended");
    CHECK(
        payloads(watched.read_to_end()) ==
        std::vector<std::string>{"first", "second", "third", R"({"reason":"ended"})"}
    );
    CHECK(watched.why == "ended");
}

TEST_CASE("a viewer who does not read is dropped at the bound, between two frames")
{
    Watched watched;
    watched.viewer->begin({});
    std::string const large(512 * 1024, 'x');
    std::size_t added = 0;
    // Beyond the queue there is the socket's own buffer.
    for (; added < 64 && !watched.viewer->closed(); ++added) {
        watched.add(frame(FrameKind::output, large));
        if (added * large.size() < Viewer::waiting_bytes_max - large.size())
            CHECK_FALSE(watched.viewer->closed());
    }
    auto const seen = payloads(watched.read_to_end());
    CHECK(watched.why == "viewer_slow");
    REQUIRE_FALSE(seen.empty());
    CHECK(seen.back() == R"({"reason":"viewer_slow"})");
    CHECK(seen.size() < added);
    for (std::size_t i = 0; i + 1 < seen.size(); ++i)
        CHECK(seen[i] == large);
}

TEST_CASE("a viewer whose right ends is shown nothing more of what waited")
{
    Watched watched;
    std::string const large(512 * 1024, 'x');
    watched.viewer->begin({});
    for (int i = 0; i < 8; ++i)
        watched.add(frame(FrameKind::output, large));
    watched.viewer->finish("access_ended");
    auto const seen = payloads(watched.read_to_end());
    CHECK(seen.size() <= 2);
    CHECK(seen.back() == R"({"reason":"access_ended"})");
    CHECK(watched.why == "access_ended");
}

TEST_CASE("a viewer who leaves, or talks, is gone")
{
    Watched watched;
    watched.viewer->begin({});
    SECTION("closing")
    {
        watched.theirs.reset();
    }
    SECTION("saying something")
    {
        must(write_all(watched.theirs.get(), "x"));
    }
    auto const limit = watched.loop.after(20s, [&] { watched.loop.stop(); });
    watched.loop.run();
    CHECK(watched.why == "left");
    CHECK(watched.viewer->closed());
}
