#pragma once

#include "gateway/rdp/channels/channel_watch.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::rdp {

[[nodiscard]] constexpr Direction opposite(Direction direction)
{
    return direction == Direction::to_target ? Direction::to_vendor : Direction::to_target;
}

/// A whole message of a static channel.
struct Message {
    Direction direction;
    std::string_view bytes; // the first `kept`, when the channel lets long ones be cut
    std::uint64_t size;     // what was sent
};

/// What a channel's rules made of one message, in order.
struct Outcome {
    struct Sending {
        Direction direction;
        std::string bytes; // a whole message
    };
    std::vector<Fact> facts;
    std::vector<std::string> graphics;
    std::vector<Sending> forward;
    std::string fault;

    void send(Direction direction, std::string bytes)
    {
        forward.push_back({direction, std::move(bytes)});
    }
    /// Told and recorded alike.
    void tell(std::string event) { facts.push_back({event, event}); }
    void tell_all(std::vector<Fact> const& more)
    {
        facts.insert(facts.end(), more.begin(), more.end());
    }
};

/// Refusals are told once: a client offers its printers with every connection and its clipboard
/// with every copy, and the journal is no place for that.
class Refusals {
public:
    /// A function that the window does not grant, by its name in docs/requests.md.
    [[nodiscard]] std::vector<Fact> function(std::string_view what, std::string_view detail);
    /// A channel, or a device that is none of ours.
    [[nodiscard]] std::vector<Fact> channel(std::string_view name);

private:
    std::set<std::string, std::less<>> told_;
};

/// A refusal that is told each time, because each is an act: a file too large, a name that leaves
/// its folder.
[[nodiscard]] Fact refused_act(std::string_view what, std::string_view detail);

/// The rules of one static channel.
class ChannelRules {
public:
    virtual ~ChannelRules() = default;
    /// A message longer than `kept_max` arrives cut when `may_cut`; otherwise it is a fault.
    [[nodiscard]] virtual std::size_t kept_max() const = 0;
    [[nodiscard]] virtual bool may_cut() const { return false; }
    [[nodiscard]] virtual Outcome on_message(Message const& message) = 0;
    [[nodiscard]] virtual std::vector<Fact> conclude() { return {}; }
};

} // namespace ecluse::rdp
