#pragma once

#include "gateway/rdp/channels/message.h"

#include <cstdint>

namespace ecluse::rdp {

/// Sound, target → vendor ([MS-RDPEA]): passes as it is once granted, counted. Only the heads of
/// messages are looked at.
class SoundRules final : public ChannelRules {
public:
    [[nodiscard]] std::size_t kept_max() const override { return 1U << 20; }
    [[nodiscard]] Outcome on_message(Message const& message) override;
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    std::uint64_t bytes_ = 0;
    /// A WaveInfo is followed by a message without a head, of this size.
    std::uint32_t wave_bytes_ = 0;
};

} // namespace ecluse::rdp
