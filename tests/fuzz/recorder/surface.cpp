#include "recorder/encode/decoder.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

constexpr ecluse::feed::DesktopSize desktop{160, 96};

} // namespace

/// One surface command of the feed: RemoteFX, NSCodec or plain pixels, on a small desktop.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace ecluse::encode;
    static bool const ready = (prepare_libraries(), true);
    Decoder decoder;
    if (!ready || !decoder.resize(desktop)) std::abort();
    std::string_view const payload{reinterpret_cast<char const*>(data), size};
    (void)decoder.draw_surface(payload);
    // The codec keeps what the first one taught it.
    (void)decoder.draw_surface(payload);
    if (decoder.picture().width() != desktop.width) std::abort();
    return 0;
}
