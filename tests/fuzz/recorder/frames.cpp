#include "recorder/format/frame.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace ecluse;

struct Outcome {
    std::string kept;
    std::size_t frames = 0;
    bool good = true;
};

Outcome decode(std::string_view bytes, std::size_t piece)
{
    FrameDecoder decoder;
    Outcome outcome;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        auto const frames = decoder.feed(bytes.substr(at, piece));
        if (!frames) {
            outcome.good = false;
            return outcome;
        }
        for (auto const& frame : *frames) {
            std::string again;
            append_frame(again, frame.kind, frame.channel, frame.mono_us, frame.payload);
            // What is decoded encodes to the same bytes.
            if (again != frame.encoded) std::abort();
            outcome.kept += again;
            ++outcome.frames;
        }
    }
    if (outcome.kept.size() + decoder.partial_bytes() != bytes.size()) std::abort();
    return outcome;
}

} // namespace

/// The pieces in which bytes arrive change nothing, and nothing is invented.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const bytes{reinterpret_cast<char const*>(data), size};
    auto const whole = decode(bytes, bytes.size() + 1);
    auto const pieces = decode(bytes, 3);
    if (whole.good != pieces.good) std::abort();
    if (whole.good && (whole.kept != pieces.kept || !bytes.starts_with(whole.kept))) std::abort();
    return 0;
}
