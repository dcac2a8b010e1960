#pragma once

#include "gateway/record_sink.h"
#include "gateway/ssh/login.h"
#include "gateway/ssh/policy_link.h"
#include "gateway/ssh/target_leg.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ecluse::ssh {

using gateway::RecordSink;

/// What a channel needs of the connection it belongs to.
class ChannelHost {
public:
    [[nodiscard]] virtual PolicyLink& policy() = 0;
    [[nodiscard]] virtual Settings const& settings() const = 0;
    [[nodiscard]] virtual Person const& person() const = 0;
    [[nodiscard]] virtual Login const& login() const = 0;
    [[nodiscard]] virtual TargetLeg& target() = 0;
    /// nullptr before the first grant: nothing may be relayed then.
    [[nodiscard]] virtual RecordSink* sink() = 0;
    [[nodiscard]] virtual Grant const* grant() const = 0;

    /// Starts the recording and the target's session with the first grant of the connection.
    virtual Result<> on_grant(Grant grant) = 0;
    /// What the vendor sends waits: an escort must watch, and none does.
    [[nodiscard]] virtual bool is_paused() const = 0;
    /// The greeting, once per connection; empty afterwards.
    [[nodiscard]] virtual std::string take_greeting() = 0;
    /// The person or a transfer did something.
    virtual void note_activity() = 0;
    virtual void count(bool up, std::uint64_t bytes) = 0;
    /// Recorded, then told to policyd.
    virtual void tell(std::uint16_t channel, std::string_view event) = 0;
    virtual void on_forward(std::string_view what, std::string_view detail) = 0;
    /// Ends the whole session, at the next turn of the loop.
    virtual void end(std::string_view reason, std::string_view why) = 0;

protected:
    ~ChannelHost() = default;
};

} // namespace ecluse::ssh
