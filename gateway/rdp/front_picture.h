#pragma once

#include "gateway/rdp/screen/canvas.h"

#include <freerdp/freerdp.h>
#include <span>

namespace ecluse::rdp {

/// Pixels of ours, row by row without padding.
struct Pixels {
    std::span<Color const> colors;
    int width; // of one row
};

/// Sends part of a picture of ours to the vendor's screen as plain bitmap tiles, in the colour
/// depth of the connection. `from` is the part, `x` and `y` where its corner goes. Waits for a slow
/// client. False: the connection is broken.
[[nodiscard]] bool send_pixels(rdpContext* front, Pixels const& pixels, Rect from, int x, int y);

} // namespace ecluse::rdp
