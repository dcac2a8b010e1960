#include "policies/ctl/target_certificate.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string answer{reinterpret_cast<char const*>(data), size};
    if (!ecluse::ctl::check_negotiation(answer)) return 0;
    // Accepted means exactly TLS or NLA: one bit more of the choice, and it is refused.
    if (answer[15] != 1 && answer[15] != 2) std::abort();
    answer[15] = static_cast<char>(answer[15] | 4);
    if (ecluse::ctl::check_negotiation(answer)) std::abort();
    return 0;
}
