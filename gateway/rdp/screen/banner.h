#pragma once

#include "common/text.h"
#include "gateway/rdp/keyboard/key.h"
#include "gateway/rdp/screen/canvas.h"

#include <string_view>
#include <vector>

namespace ecluse::rdp {

enum class BannerTone : std::uint8_t { notice, warning, alert };

/// A strip that the worker lays over the desktop as bitmap tiles, and takes away by asking the
/// target to draw that area again.
struct Banner {
    Rect place; // on the desktop, at its top, in the middle
    std::vector<Color> pixels;

    [[nodiscard]] bool covers(int x, int y) const;
};

/// `text` says it all ("Fermeture dans 10 min (18:00)…"); under it a line tells how to dismiss it.
[[nodiscard]] Banner draw_banner(
    std::string_view text, BannerTone tone, Language language, int desktop_width, int desktop_height
);
/// Ctrl+Alt+Esc; the key is then not for the target.
[[nodiscard]] bool dismisses_banner(TypedKey const& key);

} // namespace ecluse::rdp
