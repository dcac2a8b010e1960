#include "recorder/encode/decoder.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

/// Messages of the graphics pipeline: a byte that says whether the rest of the piece is put into a
/// plain segment (else it is the segments), two bytes of length, the bytes.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace ecluse::encode;
    static bool const ready = (prepare_libraries(), true);
    Decoder decoder;
    if (!ready || !decoder.resize({160, 96})) std::abort();
    std::string_view input{reinterpret_cast<char const*>(data), size};
    while (input.size() >= 3) {
        bool const is_plain = (input[0] & 1) != 0;
        auto const length = static_cast<std::size_t>(static_cast<unsigned char>(input[1])) * 256 +
                            static_cast<unsigned char>(input[2]);
        auto const piece = input.substr(3, length);
        input.remove_prefix(3 + piece.size());
        std::string message = is_plain ? "\xE0\x04" : "";
        message += piece;
        // An error is where the worker would end the session, after a few.
        (void)decoder.draw_graphics_message(message);
    }
    auto const& picture = decoder.picture();
    if (static_cast<std::size_t>(picture.width()) * static_cast<std::size_t>(picture.height()) >
        desktop_pixels_max)
        std::abort();
    return 0;
}
