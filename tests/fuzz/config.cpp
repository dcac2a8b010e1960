#include "policies/config/config.h"

#include <cstdint>
#include <cstdlib>

// Whatever is written: refused with its line, or accepted within the bounds.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto const config = ecluse::parse_config({{"f", {reinterpret_cast<char const*>(data), size}}});
    if (!config) {
        if (config.error().what.compare(0, 2, "f:") != 0) std::abort();
        return 0;
    }
    if (config->ssh.idle_minutes < 1 || config->ssh.idle_minutes > 120) std::abort();
    if (config->recording.stall_ms < 100 || config->recording.stall_ms > 1000) std::abort();
    return 0;
}
