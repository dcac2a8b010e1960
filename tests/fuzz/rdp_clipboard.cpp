#include "gateway/rdp/channels/wire.h"
#include "tests/fuzz/rdp_pair.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace {

using namespace ecluse::rdp;

bool allowed(Grants const& grants, Direction direction, std::string_view message)
{
    WireReader reader{message};
    auto const type = reader.u16();
    auto const flags = reader.u16();
    auto const length = reader.u32();
    if (!reader.good() || reader.rest().size() != length) return false;
    bool const to_target = direction == Direction::to_target;
    bool const text = to_target ? grants.clipboard_in : grants.clipboard_out;
    bool const files = to_target ? grants.file_up : grants.file_down;
    switch (type) {
    case 2: // formats
        return text || files || length == 0;
    case 5: // data
        return text || files || (length == 0 && flags == 2);
    case 9: // contents
        return files || (length == 4 && flags == 2);
    case 1:
    case 3:
    case 4:
    case 7:
    case 8:
        return true;
    default: // folders and locks never
        return false;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    fuzz::play("cliprdr", {reinterpret_cast<char const*>(data), size}, allowed);
    return 0;
}
