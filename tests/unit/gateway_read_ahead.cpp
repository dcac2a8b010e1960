// Calls poll and recv as libssh does: one poll, then at most 4 KiB.
#include "common/fd.h"
#include "gateway/ssh/read_ahead.h"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cerrno>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace ecluse;
using namespace ecluse::ssh;

namespace {

constexpr std::size_t round_bytes = 4096;

struct Pair {
    Pair()
    {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        ours = Fd{ends[0]};
        theirs = Fd{ends[1]};
    }
    void say(std::string_view bytes) const
    {
        REQUIRE(::send(theirs.get(), bytes.data(), bytes.size(), 0) == std::ssize(bytes));
    }
    Fd ours;
    Fd theirs;
};

std::string many_bytes(std::size_t count)
{
    std::string bytes(count, '\0');
    for (std::size_t i = 0; i < count; ++i)
        bytes[i] = static_cast<char>(i * 31 + i / 251);
    return bytes;
}

short ready(int fd, short events = POLLIN)
{
    pollfd waiting{fd, events, 0};
    return ::poll(&waiting, 1, 0) == 1 ? waiting.revents : short{0};
}

/// One round of libssh; nothing when there is nothing.
std::string round(int fd)
{
    if ((ready(fd) & POLLIN) == 0) return {};
    std::string bytes(round_bytes, '\0');
    auto const got = ::recv(fd, bytes.data(), bytes.size(), 0);
    REQUIRE(got >= 0);
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
}

int in_kernel(int fd)
{
    int count = 0;
    REQUIRE(::ioctl(fd, FIONREAD, &count) == 0);
    return count;
}

} // namespace

TEST_CASE("what was read ahead comes in order, and is announced though the kernel has nothing")
{
    Pair const pair;
    ReadAhead ahead;
    ahead.start(pair.ours.get());
    auto const sent = many_bytes(50'000);
    pair.say(sent);
    auto received = round(pair.ours.get());
    CHECK(received.size() == round_bytes);
    CHECK(in_kernel(pair.ours.get()) == 0);
    CHECK(ahead.has_bytes());
    while (ahead.has_bytes()) {
        auto const more = round(pair.ours.get());
        REQUIRE(!more.empty());
        received += more;
    }
    CHECK(received == sent);
    CHECK(ready(pair.ours.get()) == 0);
}

TEST_CASE("more than fits ahead stays in the kernel and follows")
{
    Pair const pair;
    ReadAhead ahead;
    ahead.start(pair.ours.get());
    auto const sent = many_bytes(150'000);
    pair.say(sent);
    std::string received;
    for (;;) {
        auto const more = round(pair.ours.get());
        if (more.empty()) break;
        received += more;
    }
    CHECK(received == sent);
    CHECK(!ahead.has_bytes());
}

TEST_CASE("the end of the stream comes after the last byte that was read ahead")
{
    Pair pair;
    ReadAhead ahead;
    ahead.start(pair.ours.get());
    auto const sent = many_bytes(10'000);
    pair.say(sent);
    pair.theirs.reset();
    std::string received;
    for (;;) {
        REQUIRE((ready(pair.ours.get()) & POLLIN) != 0);
        auto const more = round(pair.ours.get());
        if (more.empty()) break;
        received += more;
    }
    CHECK(received == sent);
}

TEST_CASE("a short message is read as it always was")
{
    Pair const pair;
    ReadAhead ahead;
    ahead.start(pair.ours.get());
    pair.say("ls -l\n");
    CHECK(round(pair.ours.get()) == "ls -l\n");
    CHECK(!ahead.has_bytes());
    CHECK(round(pair.ours.get()).empty());
    // Whether it may be written to is the kernel's to say.
    CHECK(ready(pair.ours.get(), POLLIN | POLLOUT) == POLLOUT);
}

TEST_CASE("several sockets are polled together, those with bytes ahead among them")
{
    Pair const first;
    Pair const second;
    Pair const third;
    ReadAhead ahead;
    ahead.start(first.ours.get());
    first.say(many_bytes(5000));
    REQUIRE(round(first.ours.get()).size() == round_bytes);
    second.say("x");
    std::array<pollfd, 3> waiting{
        pollfd{first.ours.get(), POLLIN, 0},
        pollfd{second.ours.get(), POLLIN, 0},
        pollfd{third.ours.get(), POLLIN, 0}};
    CHECK(::poll(waiting.data(), waiting.size(), -1) == 2);
    CHECK(waiting[0].revents == POLLIN);
    CHECK(waiting[1].revents == POLLIN);
    CHECK(waiting[2].revents == 0);
}

TEST_CASE("nothing is read ahead of who does not poll, asks otherwise, or is not known")
{
    Pair const pair;
    ReadAhead ahead;
    std::array<char, 10> few{};
    pair.say(many_bytes(1000));
    SECTION("not known")
    {
        CHECK(ready(pair.ours.get()) == POLLIN);
        CHECK(::recv(pair.ours.get(), few.data(), few.size(), 0) == 10);
    }
    SECTION("without a poll before: another library waits in its own way")
    {
        ahead.start(pair.ours.get());
        CHECK(::recv(pair.ours.get(), few.data(), few.size(), 0) == 10);
    }
    SECTION("with flags")
    {
        ahead.start(pair.ours.get());
        CHECK(ready(pair.ours.get()) == POLLIN);
        CHECK(::recv(pair.ours.get(), few.data(), few.size(), MSG_DONTWAIT) == 10);
    }
    SECTION("after the end")
    {
        ahead.start(pair.ours.get());
        ahead.stop();
        CHECK(ready(pair.ours.get()) == POLLIN);
        CHECK(::recv(pair.ours.get(), few.data(), few.size(), 0) == 10);
    }
    CHECK(in_kernel(pair.ours.get()) == 990);
}

TEST_CASE("a third socket gets no place, and a freed place serves again")
{
    Pair const pair;
    ReadAhead first;
    ReadAhead second;
    ReadAhead third;
    first.start(1000);
    second.start(1001);
    third.start(pair.ours.get());
    pair.say(many_bytes(6000));
    CHECK(round(pair.ours.get()).size() == round_bytes);
    CHECK(!third.has_bytes());
    first.stop();
    third.start(pair.ours.get());
    CHECK(round(pair.ours.get()).size() == 6000 - round_bytes);
}

TEST_CASE("an error of the socket is passed on as it is")
{
    Pair const pair;
    ReadAhead ahead;
    ahead.start(pair.ours.get());
    CHECK(ready(pair.ours.get()) == 0);
    char byte = 0;
    CHECK(::recv(pair.ours.get(), &byte, 1, 0) == -1);
    CHECK(errno == EAGAIN);
}
