#include "gateway/rdp/channels/wire.h"
#include "tests/fuzz/rdp_pair.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace {

using namespace ecluse::rdp;

bool allowed(Grants const& grants, Direction direction, std::string_view message)
{
    WireReader reader{message};
    auto const first = reader.u8();
    auto const command = first >> 4;
    if (command < 1 || command > 5) return false; // neither compression nor soft sync
    if (command == 5) {
        reader.take(1);
        return reader.u16() <= 2;
    }
    (void)reader.number(std::size_t{1} << (first & 3U));
    if (!reader.good()) return false;
    if (command == 1 && direction == Direction::to_vendor) {
        auto const name = reader.rest();
        if (name == std::string_view{"Microsoft::Windows::RDS::Graphics\0", 34})
            return grants.graphics;
        if (name == std::string_view{"AUDIO_PLAYBACK_DVC\0", 19} ||
            name == std::string_view{"AUDIO_PLAYBACK_LOSSY_DVC\0", 25})
            return grants.sound;
        return name == std::string_view{"Microsoft::Windows::RDS::DisplayControl\0", 40};
    }
    return true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    fuzz::play("drdynvc", {reinterpret_cast<char const*>(data), size}, allowed);
    return 0;
}
