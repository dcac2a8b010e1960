#include "common/json.h"
#include "common/loop.h"
#include "common/packet.h"
#include "tests/support/must.h"

#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace ecluse;
using namespace std::chrono_literals;

TEST_CASE("a packet carries one object and its descriptors")
{
    auto const [here, there] = must(PacketSocket::pair());
    auto const file = must(memory_file("note", "bonjour"));
    must(here.send(json::object{{"do", "open"}}, {file.get()}));
    auto const packet = must(there.receive(1s));
    REQUIRE(packet);
    CHECK(packet->json == R"({"do":"open"})");
    REQUIRE(packet->descriptors.size() == 1);
    CHECK(must(read_all(packet->descriptors[0].get(), 100)) == "bonjour");
}

TEST_CASE("a closed peer, a silent peer and a peer that does not read are told apart")
{
    auto [here, there] = must(PacketSocket::pair());
    CHECK(here.receive(10ms).error().code == Errc::timed_out);
    std::string const object = "{\"a\":\"" + std::string(60000, 'x') + "\"}";
    Result<> sent;
    for (int i = 0; i < 100 && sent; ++i)
        sent = here.send(object);
    CHECK(sent.error().code == Errc::unavailable);
    (void)there.take();
    CHECK_FALSE(must(here.receive(1s)).has_value());
}

TEST_CASE("a packet over the limit is refused on both sides")
{
    auto const [here, there] = must(PacketSocket::pair());
    std::string const large(packet_bytes_max + 1, 'x');
    CHECK(here.send(large).error().code == Errc::too_large);
    REQUIRE(::send(here.fd(), large.data(), large.size(), 0) > 0);
    CHECK(there.receive(1s).error().code == Errc::too_large);
}

TEST_CASE("the loop serves descriptors, timers and pool work on one thread")
{
    auto const [here, there] = must(PacketSocket::pair());
    Loop loop;
    int packets = 0;
    bool worked = false;
    auto const self = std::this_thread::get_id();
    auto const reading = loop.on_readable(there.fd(), [&, &peer = there] {
        CHECK(must(peer.receive()));
        ++packets;
        loop.in_pool(
            [&] { worked = std::this_thread::get_id() != self; },
            [&] {
                CHECK(std::this_thread::get_id() == self);
                loop.stop();
            }
        );
    });
    bool writable = false;
    Loop::Watch writing;
    writing = loop.on_writable(there.fd(), [&] {
        writable = true;
        writing.cancel();
    });
    auto const sending = loop.after(5ms, [&, &peer = here] { must(peer.send("{}")); });
    auto cancelled = loop.after(1ms, [&] { FAIL("a cancelled timer ran"); });
    cancelled.cancel();
    auto const limit = loop.after(10s, [&] { FAIL("nothing happened"); });
    loop.run();
    CHECK(packets == 1);
    CHECK(worked);
    CHECK(writable);
}
