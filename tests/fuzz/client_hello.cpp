#include "gateway/ssh/client_hello.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

/// Once decided, more bytes change nothing; and a whole hello is never left undecided.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace ecluse::ssh;
    std::string_view const bytes{reinterpret_cast<char const*>(data), size};
    auto const whole = strict_kex(bytes);
    if (whole == StrictKex::unknown && size >= client_hello_bytes_max) std::abort();
    auto decided = StrictKex::unknown;
    for (std::size_t end = 0; end <= size; end += 1 + size / 256) {
        auto const now = strict_kex(bytes.substr(0, end));
        if (decided != StrictKex::unknown && now != decided) std::abort();
        decided = now;
    }
    if (decided != StrictKex::unknown && decided != whole) std::abort();
    return 0;
}
