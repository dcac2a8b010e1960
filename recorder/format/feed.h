#pragma once

#include "common/result.h"
#include "recorder/format/frame.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What an RDP worker hands to its encoder before it forwards it (docs/requests.md §3bis, "The
/// feed"). Frames have the head of frame.h and a larger bound; numbers are big-endian. No
/// cryptography and no codec here: the worker links this.
namespace ecluse::feed {

enum class Kind : char {
    desktop = 'D',
    bitmaps = 'U',
    surface = 'S',
    graphics_message = 'G',
    pointer = 'p',
    // As on the recorder's intake, which gets them unchanged.
    key = 'k',
    hidden_key = 'n',
    event = 'e',
    end = 'z',
};

/// A target may send one bitmap update, or one message of the graphics pipeline, of this size; a
/// larger one ends the session.
constexpr std::size_t payload_max = 16UL * 1024 * 1024;
/// Rectangles in one legacy update: the protocol's own bound is 65,535; no target sends more than a
/// few hundred.
constexpr std::size_t bitmaps_max = 16384;
constexpr std::uint16_t desktop_edge_max = 8192;
/// Pixels of a desktop that a session may have: 4096 x 2304, the most that H.264 level 5.1 holds
/// and ordinary players show. Two ordinary screens side by side fit.
constexpr std::size_t desktop_pixels_max = 4096UL * 2304;

struct DesktopSize {
    std::uint16_t width;
    std::uint16_t height;
};
struct PointerPlace {
    std::uint16_t x;
    std::uint16_t y;
};
/// One rectangle of a legacy bitmap update, as the protocol has it. `bytes` is a view.
struct Bitmap {
    std::uint16_t left, top, right, bottom; // inclusive edges, as on the wire
    std::uint16_t width, height;
    std::uint16_t bits_per_pixel;
    std::uint16_t flags; // 0x0001: compressed
    std::string_view bytes;
};
/// A surface command: RemoteFX, NSCodec or uncompressed. `bytes` is a view.
struct Surface {
    std::uint16_t left, top, right, bottom; // exclusive right and bottom
    std::uint16_t command;                  // CMDTYPE_…
    std::uint8_t bits_per_pixel;
    std::uint8_t flags;
    std::uint8_t codec;
    std::uint16_t width, height;
    std::string_view bytes;
};

/// A whole frame around `payload`, which is at most `payload_max` (asserted).
void append_frame(std::string& to, Kind kind, std::uint64_t mono_us, std::string_view payload);

[[nodiscard]] std::string encode(DesktopSize size);
[[nodiscard]] std::string encode(PointerPlace place);
[[nodiscard]] std::string encode(std::vector<Bitmap> const& bitmaps);
[[nodiscard]] std::string encode(Surface const& surface);

/// Strict readers: lengths that do not fit, edges out of order, a size of zero or beyond
/// `desktop_edge_max` are errors. Whether the pixels make sense is the codec's affair.
[[nodiscard]] Result<DesktopSize> parse_desktop(std::string_view payload);
[[nodiscard]] Result<PointerPlace> parse_pointer(std::string_view payload);
[[nodiscard]] Result<std::vector<Bitmap>> parse_bitmaps(std::string_view payload);
[[nodiscard]] Result<Surface> parse_surface(std::string_view payload);

struct FrameView {
    Kind kind;
    std::uint64_t mono_us;
    std::string_view payload;
};

/// Turns a stream into frames, with the same finality as ecluse::FrameDecoder.
class Decoder {
public:
    /// The views hold until the next call and as long as `bytes` does.
    [[nodiscard]] Result<std::vector<FrameView>> feed(std::string_view bytes);
    [[nodiscard]] bool ended() const { return ended_; }

private:
    std::string buffer_;
    std::size_t consumed_ = 0;
    bool ended_ = false;
    bool broken_ = false;
};

} // namespace ecluse::feed
