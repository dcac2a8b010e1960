#pragma once

#include "common/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The frames that a worker writes to its recorder intake, and that a recording holds
/// (docs/requests.md §4.1). No cryptography here: the workers link this.
namespace ecluse {

enum class FrameKind : char {
    output = 'o',
    input = 'i',
    /// Typed while the terminal had echo off: kept in the sealed record, masked everywhere else.
    hidden_input = 'n',
    resize = 'r',
    event = 'e',
    bytes_down = 'b',
    bytes_up = 'B',
    /// A piece of a desktop's MP4: the payloads, one after the other, are the file.
    video = 'v',
    /// A key of a desktop: JSON (docs/requests.md §4.1); a hidden one is a hidden_input.
    key = 'k',
    end = 'z',
};

/// u32 length, u8 kind, u16 channel, u64 microseconds.
constexpr std::size_t frame_head_bytes = 15;
/// A worker reads at most some hundred KiB at once; a megabyte leaves room for one large command.
constexpr std::size_t frame_payload_max = 1024 * 1024;

struct FrameView {
    FrameKind kind;
    std::uint16_t channel;
    std::uint64_t mono_us;
    std::string_view payload;
    /// The whole frame as it travelled, head included.
    std::string_view encoded;
};

/// Appends one frame; the payload is at most `frame_payload_max` (asserted: the caller splits).
void append_frame(
    std::string& to,
    FrameKind kind,
    std::uint16_t channel,
    std::uint64_t mono_us,
    std::string_view payload
);
/// The payload of a resize frame: "COLSxROWS", both 1 … 65535.
struct TerminalSize {
    std::uint16_t columns;
    std::uint16_t rows;
};
[[nodiscard]] std::string to_text(TerminalSize size);
[[nodiscard]] Result<TerminalSize> parse_terminal_size(std::string_view text);

/// Turns a stream of bytes into frames. The first fault is final, and so is the end frame: bytes
/// after it are a fault.
class FrameDecoder {
public:
    /// The frames completed by `bytes`. The views hold until the next call and as long as `bytes`
    /// does.
    [[nodiscard]] Result<std::vector<FrameView>> feed(std::string_view bytes);
    /// Bytes of a frame that has begun and is not complete.
    [[nodiscard]] std::size_t partial_bytes() const { return buffer_.size() - consumed_; }
    [[nodiscard]] bool ended() const { return ended_; }

private:
    [[nodiscard]] Result<std::size_t> take(std::string_view bytes, std::vector<FrameView>& frames);

    std::string buffer_;
    std::size_t consumed_ = 0;
    bool ended_ = false;
    bool broken_ = false;
};

} // namespace ecluse
