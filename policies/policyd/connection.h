#pragma once

#include "common/loop.h"
#include "common/packet.h"
#include "policies/policyd/role.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>

namespace ecluse::policyd {

/// One client socket. Reads requests, holds them against its role's table, sends answers and
/// pushes. A peer that asks outside the table, or does not read its answers, loses its connection.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    /// Packets waiting for a peer that does not read; beyond, it is not listening any more.
    static constexpr std::size_t queue_max = 64;
    /// Requests of one peer under work at the same time.
    static constexpr std::size_t unanswered_max = 32;

    struct Hooks {
        RequestTable const* table = nullptr;
        /// Runs an accepted request. Machine roles use `run_row`; the operator's checks its token
        /// first.
        std::function<void(RequestRow const&, Request, Answer)> handle;
        std::function<Language()> language;
        /// Called before the connection ends for it.
        std::function<void(std::string const& why)> violated;
        /// Called once, in a later turn of the loop, however it ended.
        std::function<void()> closed;
    };

    Connection(Loop& loop, PacketSocket socket, Hooks hooks);
    /// Reading begins here and not in the constructor: it needs the shared pointer.
    void start();

    void push(boost::json::object object, std::vector<Fd> descriptors = {});
    void close();
    [[nodiscard]] bool open() const { return static_cast<bool>(socket_); }
    [[nodiscard]] PacketSocket const& socket() const { return socket_; }

    static void
    run_row(RequestRow const& row, Caller const& caller, Request request, Answer const& answer);

private:
    struct Waiting {
        std::string text;
        std::vector<Fd> descriptors;
    };

    void read();
    void take(Packet packet);
    void violate(std::string const& why);
    void answer(std::int64_t id, Reply reply);
    void send(std::string text, std::vector<Fd> descriptors);
    void drain();

    Loop& loop_;
    PacketSocket socket_;
    Hooks hooks_;
    Loop::Watch readable_, writable_;
    std::deque<Waiting> queue_;
    std::set<std::string, std::less<>> asked_once_;
    std::int64_t last_id_ = 0;
    std::size_t unanswered_ = 0;
};

/// The fault as it travels: code, text and remedy in this language.
[[nodiscard]] boost::json::object render(Fault const& fault, Language language);

} // namespace ecluse::policyd
