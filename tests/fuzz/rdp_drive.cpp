#include "gateway/rdp/channels/wire.h"
#include "tests/fuzz/rdp_pair.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace {

using namespace ecluse::rdp;

bool allowed(Grants const& grants, Direction direction, std::string_view message)
{
    WireReader reader{message};
    if (reader.u16() != 0x4472) return false;
    auto const packet = reader.u16();
    if (packet == 0x4441) { // devices: drives only, exactly as many as announced
        auto const count = reader.u32();
        if (count > 0 && !grants.file_up && !grants.file_down) return false;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (reader.u32() != 8) return false;
            reader.take(12);
            reader.take(reader.u32());
            if (!reader.good()) return false;
        }
        return reader.empty();
    }
    if (packet == 0x4952 && direction == Direction::to_vendor) { // requests
        reader.take(12);
        auto const major = reader.u32();
        if (major == 3) return grants.file_up;
        if (major == 4 || major == 6) return grants.file_down;
        return major != 0x0E && major != 0x0B;
    }
    return true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    fuzz::play("rdpdr", {reinterpret_cast<char const*>(data), size}, allowed);
    return 0;
}
