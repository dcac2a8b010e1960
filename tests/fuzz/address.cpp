#include "common/address.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace ecluse;
    std::string_view const input{reinterpret_cast<char const*>(data), size};
    // What we print, we must read back as the same thing.
    if (auto const address = SourceAddress::parse(input)) {
        auto const again = SourceAddress::parse(address->to_string());
        if (!again || *again != *address) std::abort();
        if (address->to_string().size() > SourceAddress::text_bytes_max) std::abort();
    }
    if (auto const range = AddressRange::parse(input)) {
        auto const again = AddressRange::parse(range->to_string());
        if (!again || *again != *range) std::abort();
        if (!range->contains(range->first())) std::abort();
        // An accepted declaration is never wide, whatever its kind.
        unsigned const narrowest = range->first().is_v4() ? 24 : 64;
        if (!validate_declaration(*range, SourceKind::vpn) && range->prefix_bits() < narrowest)
            std::abort();
    }
    return 0;
}
