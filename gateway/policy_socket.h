#pragma once

#include "common/packet.h"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse::gateway {

/// A worker's end of its policyd socket: numbered questions, and their answers beside what policyd
/// sends unasked (docs/requests.md §1). Every failure here ends the session (fail closed), so the
/// caller never retries. One thread.
class PolicySocket {
public:
    using Id = std::int64_t;

    /// The descriptor becomes non-blocking.
    [[nodiscard]] static Result<PolicySocket> open(Fd socket);

    [[nodiscard]] int fd() const { return socket_.fd(); }
    /// Adds the number and sends.
    [[nodiscard]] Result<Id> ask(boost::json::object& request);
    /// The same, and the text that was sent is wiped: it holds a secret.
    [[nodiscard]] Result<Id> ask_secretly(boost::json::object& request);
    /// `event` is a JSON object that begins with its type.
    Result<> tell_event(std::string_view event);
    Result<> tell_ended(std::string_view reason, std::uint64_t bytes_in, std::uint64_t bytes_out);

    /// Waits for the answer to `id`, which policyd gives within seconds; what arrives meanwhile is
    /// kept for `take`.
    [[nodiscard]] Result<Packet> await(Id id);
    /// What has arrived, one packet; nothing when there is none. Never waits. The end of the socket
    /// is an `io` error.
    [[nodiscard]] Result<std::optional<Packet>> take();

private:
    explicit PolicySocket(PacketSocket socket) : socket_{std::move(socket)} {}

    PacketSocket socket_;
    Id last_id_ = 0;
    std::deque<Packet> kept_;
};

/// An answer without "re" and "ok"; a `refused` error when policyd says that the request was wrong.
[[nodiscard]] Result<boost::json::object> answer_body(std::string_view text);
/// 0: not an answer.
[[nodiscard]] std::int64_t answered_id(boost::json::object const& object);

} // namespace ecluse::gateway
