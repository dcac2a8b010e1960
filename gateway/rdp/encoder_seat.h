#pragma once

#include "common/packet.h"

#include <chrono>
#include <string>

namespace ecluse::rdp {

/// The process that becomes the encoder, if a session is granted: forked before this one confines
/// itself and before a byte of the vendor's is read, it holds a control socket and nothing else,
/// and waits. The first packet makes it exec `ecluse-encode`; the end of the socket makes it exit.
class EncoderSeat {
public:
    /// Before the first thread. `closing`: descriptors that the child must not keep.
    [[nodiscard]] static Result<EncoderSeat> start(std::initializer_list<int> closing);

    /// Starts the encoder on the recorder's intake. The worker's end of the feed
    /// (recorder/format/feed.h).
    [[nodiscard]] Result<Fd> begin(
        std::string const& session,
        std::chrono::milliseconds stall,
        std::int64_t frames_per_second,
        Fd intake
    );

private:
    explicit EncoderSeat(PacketSocket control) : control_{std::move(control)} {}

    PacketSocket control_;
};

} // namespace ecluse::rdp
