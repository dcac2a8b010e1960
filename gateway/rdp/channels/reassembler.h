#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ecluse::rdp {

/// Flags of a channel PDU header ([MS-RDPBCGR] 2.2.6.1.1).
enum ChunkFlag : std::uint32_t {
    chunk_first = 0x01,
    chunk_last = 0x02,
    chunk_show_protocol = 0x10,
    chunk_suspend = 0x20,
    chunk_resume = 0x40,
    chunk_compressed = 0x00200000,
};

/// Puts the chunks of one direction of one static channel together. Strict: first and last in
/// order, one total for all chunks of a message, and exactly so many bytes. Compressed chunks are a
/// fault: neither side is offered compression.
class Reassembler {
public:
    enum class Step { more, whole, ignored, fault };

    /// Bytes of a message beyond `kept_max` are counted and let go when `may_cut`; else a fault.
    Reassembler(std::size_t kept_max, bool may_cut) : kept_max_{kept_max}, may_cut_{may_cut} {}

    [[nodiscard]] Step add(std::string_view chunk, std::uint32_t flags, std::uint32_t total);
    /// After `whole`, until the next `add`.
    [[nodiscard]] std::string_view bytes() const { return bytes_; }
    [[nodiscard]] std::uint64_t size() const { return received_; }

private:
    std::size_t kept_max_;
    bool may_cut_;
    bool under_way_ = false;
    bool broken_ = false;
    std::uint32_t total_ = 0;
    std::uint64_t received_ = 0;
    std::string bytes_;
};

} // namespace ecluse::rdp
