#include "gateway/rdp/feed_link.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <sys/socket.h>
#include <thread>

using namespace ecluse;
using namespace std::chrono_literals;

namespace {

struct Pair {
    Fd encoder;
    rdp::FeedLink link;
};

Pair pair(std::chrono::milliseconds stall)
{
    int ends[2] = {};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    return {Fd{ends[1]}, {Fd{ends[0]}, stall}};
}

bool is_good(rdp::FeedLink& link)
{
    return link.check(std::chrono::steady_clock::now()).has_value();
}

} // namespace

TEST_CASE("an encoder that answers nothing is noticed while the worker looks")
{
    auto [encoder, link] = pair(400ms);
    REQUIRE(link.put(feed::Kind::key, "{}"));
    auto const start = std::chrono::steady_clock::now();
    while (is_good(link) && std::chrono::steady_clock::now() < start + 5s) {
        std::this_thread::sleep_for(50ms);
        link.turn();
    }
    CHECK_FALSE(is_good(link));
    CHECK(std::chrono::steady_clock::now() - start >= 400ms);
}

TEST_CASE("an answer that waits in the socket counts, however late the worker reads it")
{
    auto [encoder, link] = pair(300ms);
    link.turn();
    REQUIRE(link.put(feed::Kind::key, "{}"));
    std::string const one{"\0\0\0\0\0\0\0\1", 8};
    REQUIRE(::send(encoder.get(), one.data(), one.size(), 0) == 8);
    std::this_thread::sleep_for(400ms);
    CHECK(is_good(link));
}

TEST_CASE("a pause of the worker itself is not the encoder's stall")
{
    auto [encoder, link] = pair(600ms);
    link.turn();
    REQUIRE(link.put(feed::Kind::key, "{}"));
    std::this_thread::sleep_for(1000ms); // the machine did something else
    link.turn();
    CHECK(is_good(link));
}

TEST_CASE("a desktop's first seconds have three for a frame, later ones have one")
{
    auto [encoder, link] = pair(1s);
    // Before anything is on disk no frame is late: the encoder has yet to start.
    REQUIRE(link.put(feed::Kind::event, "{}"));
    std::string const one{"\0\0\0\0\0\0\0\1", 8};
    REQUIRE(::send(encoder.get(), one.data(), one.size(), 0) == 8);
    must(link.await_beginning(10s));
    REQUIRE(link.put(feed::Kind::event, "{}"));
    auto const now = std::chrono::steady_clock::now();
    CHECK(link.check(now + 2s));
    CHECK_FALSE(link.check(now + 3500ms));
    CHECK_FALSE(link.check(now + 6s));
}

TEST_CASE("a recording that does not begin, or whose encoder is gone, is an error")
{
    auto [encoder, link] = pair(1s);
    REQUIRE(link.put(feed::Kind::event, "{}"));
    SECTION("nothing comes")
    {
        auto const begun = link.await_beginning(50ms);
        REQUIRE_FALSE(begun);
        CHECK(begun.error().code == Errc::timed_out);
    }
    SECTION("the encoder is gone")
    {
        encoder.reset();
        auto const begun = link.await_beginning(10s);
        REQUIRE_FALSE(begun);
        CHECK(begun.error().code != Errc::timed_out);
    }
}
