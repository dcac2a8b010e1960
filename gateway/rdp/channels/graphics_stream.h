#pragma once

#include "gateway/rdp/channels/bulk.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::rdp {

/// A strip of pixels (0xRRGGBB) that the gateway lays over the desktop.
struct Overlay {
    std::uint16_t x, y, width, height;
    std::vector<std::uint32_t> pixels;
};

/// One channel of the graphics pipeline ([MS-RDPEGFX]) as it passes. The target's messages go on in
/// plain segments, so that messages of the gateway's own may stand between them: the overlay is a
/// surface of ours, mapped to its place, of which the target knows nothing. No codec is looked
/// into.
class GraphicsStream {
public:
    /// What the vendor gets instead. Nothing: not the protocol, or a desktop beyond measure.
    [[nodiscard]] std::optional<std::string> from_target(std::string_view message);
    /// Without offers to import cached pictures, which the recording's decoder never saw, and
    /// without what answers our own frames. Nothing: not the protocol.
    [[nodiscard]] std::optional<std::string> from_vendor(std::string_view message);
    /// Laid over the desktop from now on, or with the target's next frame; none: taken away. What
    /// to send at once, or empty.
    [[nodiscard]] std::string lay(std::optional<Overlay> overlay);
    /// Whether the target draws here.
    [[nodiscard]] bool draws() const { return !surfaces_.empty(); }

private:
    struct Surface {
        std::uint16_t width, height;
        bool is_mapped = false;
        bool is_scaled = false;
        std::uint32_t x = 0, y = 0;
    };
    struct Head {
        std::uint16_t command;
        std::string_view body;
    };
    [[nodiscard]] static std::optional<Head> next(std::string_view& message);
    [[nodiscard]] bool note(Head const& head);
    [[nodiscard]] bool note_reset(std::string_view body);
    [[nodiscard]] bool note_surface(Head const& head);
    [[nodiscard]] bool answers_us(Head const& head);
    [[nodiscard]] std::string turn();
    [[nodiscard]] std::string frame_of(std::string const& content);
    [[nodiscard]] std::string show();
    [[nodiscard]] std::string take_away();
    [[nodiscard]] std::string uncover() const;
    [[nodiscard]] std::uint16_t free_surface() const;

    BulkReader bulk_;
    std::map<std::uint16_t, Surface> surfaces_;
    bool in_frame_ = false;
    bool has_drawn_ = false; // since our last turn
    std::optional<Overlay> wanted_;
    std::optional<Overlay> shown_;
    std::uint16_t own_surface_ = 0;
    std::uint32_t own_frames_ = 0;
    std::uint32_t own_answered_ = 0;
    bool is_new_ = false; // what is wanted is not what is shown
};

} // namespace ecluse::rdp
