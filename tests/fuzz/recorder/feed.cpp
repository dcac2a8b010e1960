#include "recorder/format/feed.h"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace ecluse;

std::string decode(std::string_view bytes, std::size_t piece)
{
    feed::Decoder decoder;
    std::string kept;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        auto const frames = decoder.feed(bytes.substr(at, piece));
        if (!frames) return kept + "!";
        for (auto const& frame : *frames) {
            feed::append_frame(kept, frame.kind, frame.mono_us, frame.payload);
            // What a strict reader takes, its writer makes again.
            if (auto const bitmaps = feed::parse_bitmaps(frame.payload))
                if (feed::encode(*bitmaps) != frame.payload) std::abort();
            if (auto const surface = feed::parse_surface(frame.payload))
                if (feed::encode(*surface) != frame.payload) std::abort();
            if (auto const desktop = feed::parse_desktop(frame.payload))
                if (feed::encode(*desktop) != frame.payload) std::abort();
        }
    }
    return kept;
}

} // namespace

/// The pieces in which the feed arrives change nothing.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const bytes{reinterpret_cast<char const*>(data), size};
    auto const whole = decode(bytes, bytes.size() + 1);
    auto const pieces = decode(bytes, 3);
    if (whole.ends_with('!') != pieces.ends_with('!')) std::abort();
    if (!whole.ends_with('!') && whole != pieces) std::abort();
    return 0;
}
