#pragma once

#include "gateway/rdp/channels/channel_watch.h"
#include "gateway/ssh/stream_hash.h"

#include <cstdint>
#include <string_view>

namespace ecluse::rdp {

/// One direction of one file: counted always, hashed as long as its pieces come in order.
class FileTransfer {
public:
    void add(std::uint64_t offset, std::string_view data);
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    /// Where the next piece in order begins.
    [[nodiscard]] std::uint64_t next() const { return next_; }
    [[nodiscard]] bool sequential() const { return sequential_; }

    struct End {
        std::string_view protocol; // "rdp_clipboard", "rdp_drive"
        Direction direction;
        std::string_view name;
        bool complete;
    };
    /// The `transfer` event. Nothing may follow.
    [[nodiscard]] Fact conclude(End const& end);

private:
    std::uint64_t next_ = 0;
    std::uint64_t bytes_ = 0;
    bool sequential_ = true;
    ssh::StreamHash hash_;
};

} // namespace ecluse::rdp
