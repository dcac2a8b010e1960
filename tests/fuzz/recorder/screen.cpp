#include "recorder/screen/screen.h"

#include "recorder/export/terminal.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

using namespace ecluse;

/// The size, where to look, then output: whoever begins at a snapshot sees what the others see.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    if (size < 4) return 0;
    screen::Screen whole{screen::bounded(data[0], data[1])};
    std::string_view const output{reinterpret_cast<char const*>(data) + 4, size - 4};
    auto const cut = output.size() * data[2] / 256;
    recording::Utf8Carry utf8;
    whole.feed(utf8.feed(output.substr(0, cut)));
    if (data[3] % 8 == 0) whole.resize(screen::bounded(data[3], data[1]));
    if (!utf8.is_whole() || !whole.is_sure()) return 0;
    screen::Screen resumed{whole.size()};
    resumed.feed(whole.snapshot());
    if (!resumed.shows_as(whole)) std::abort();
    auto const rest = utf8.feed(output.substr(cut));
    whole.feed(rest);
    resumed.feed(rest);
    if (!resumed.shows_as(whole)) std::abort();
    return 0;
}
