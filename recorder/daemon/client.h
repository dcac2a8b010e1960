#pragma once

#include "common/loop.h"
#include "common/packet.h"

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace ecluse::recorder {

/// policyd's connection: packets in, and a bounded queue of packets out, so that a slow policyd
/// never blocks the recorder.
class Client {
public:
    /// A second of pings, answers and the seals of every live session fit; a policyd further behind
    /// than that is not alive.
    static constexpr std::size_t queued_max = 4096;

    Client(
        Loop& loop,
        PacketSocket socket,
        std::function<void(Packet)> received,
        std::function<void(std::string const& why)> closed
    );

    void send(boost::json::object const& object, std::vector<Fd> descriptors = {});

    /// Whether policyd closed its end, even when the loop has not come to it yet.
    [[nodiscard]] bool hung_up() const;

private:
    struct Outgoing {
        std::string json;
        std::vector<Fd> descriptors;
    };
    void read();
    void flush();
    void close(std::string const& why);

    Loop& loop_;
    PacketSocket socket_;
    std::function<void(Packet)> received_;
    std::function<void(std::string const&)> closed_;
    std::deque<Outgoing> queue_;
    Loop::Watch reading_;
    Loop::Watch writing_;
    bool is_closed_ = false;
};

} // namespace ecluse::recorder
