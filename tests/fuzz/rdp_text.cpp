#include "gateway/rdp/screen/banner.h"
#include "gateway/rdp/screen/paint.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

using namespace ecluse;
using namespace ecluse::rdp;

/// Two bytes of width, two of position; the rest is the text.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    if (size < 4) return 0;
    int const width = data[0] * 4 + 1;
    auto const face = static_cast<Face>(data[1] % face_count);
    std::string_view const text{reinterpret_cast<char const*>(data) + 4, size - 4};
    for (auto const& line : wrap(face, text, width, 20)) {
        // A line that is too wide holds one character and no more.
        if (measure(face, line) > width && line.size() > 4) std::abort();
    }
    if (auto const cut = cut_to(face, text, width); measure(face, cut) > width && cut != "…")
        std::abort();
    // Nothing outside the clip.
    Canvas canvas{64, 48};
    Rect const clip{10, 10, 30, 20};
    canvas.draw_text(data[2] - 128, data[3] - 128, face, text, 0xFFFFFF, clip);
    for (int y = 0; y < 48; ++y)
        for (int x = 0; x < 64; ++x) {
            bool const inside = x >= 10 && x < 40 && y >= 10 && y < 30;
            if (!inside && canvas.pixels()[static_cast<std::size_t>(y * 64 + x)] != 0) std::abort();
        }
    auto const banner = draw_banner(text, BannerTone::alert, Language::french, width, data[2]);
    if (banner.place.width > std::max(width, 1) || banner.place.x < 0) std::abort();
    return 0;
}
