#include "common/paris_time.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace ecluse;
    auto const parsed = parse_paris({reinterpret_cast<char const*>(data), size});
    if (!parsed) return 0;
    // What we print, zone included, is the same instant when read back.
    auto const again = parse_paris(to_paris_text(*parsed));
    if (!again || *again != *parsed) std::abort();
    // The instant lies between the two answers that rules use for its local time.
    auto const local = to_paris(*parsed).local;
    if (*parsed < first_instant(local) || *parsed > last_instant(local)) std::abort();
    return 0;
}
