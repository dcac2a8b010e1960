#include "recorder/format/mp4.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

/// The pieces in which a video arrives change nothing of what is read.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace ecluse;
    std::string_view const bytes{reinterpret_cast<char const*>(data), size};
    mp4::Reader whole;
    auto const all = whole.feed(bytes);
    mp4::Reader pieces;
    std::vector<mp4::Sample> read;
    for (std::size_t at = 0; at < size; at += 5) {
        auto piece = pieces.feed(bytes.substr(at, 5));
        if (!piece) {
            if (all) std::abort();
            return 0;
        }
        for (auto& sample : piece->samples)
            read.push_back(std::move(sample));
    }
    if (!all || all->samples != read) std::abort();
    return 0;
}
