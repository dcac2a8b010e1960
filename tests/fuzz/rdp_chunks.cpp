#include "gateway/rdp/channels/reassembler.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

/// The input is a list of chunks: flags, total (two bytes each), a byte of length, the bytes.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace ecluse::rdp;
    std::string_view input{reinterpret_cast<char const*>(data), size};
    auto const number = [&](std::size_t at) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(input[at])) * 256 +
               static_cast<unsigned char>(input[at + 1]);
    };
    constexpr std::size_t kept_max = 512;
    Reassembler strict{kept_max, false};
    Reassembler cutting{kept_max, true};
    std::string sent;
    bool over = false;
    while (input.size() >= 5) {
        auto const flags = number(0);
        auto const total = number(2);
        auto const length = static_cast<unsigned char>(input[4]);
        auto const chunk = input.substr(5, length);
        input.remove_prefix(5 + chunk.size());
        if ((flags & chunk_first) != 0) sent.clear();
        sent += chunk;
        auto const step = strict.add(chunk, flags, total);
        auto const other = cutting.add(chunk, flags, total);
        if (over && step != Reassembler::Step::fault) std::abort(); // a fault is final
        over = step == Reassembler::Step::fault;
        if (step == Reassembler::Step::whole) {
            // Exactly what was announced, and what was sent.
            if (strict.bytes().size() != total || strict.bytes() != sent) std::abort();
            if (other != Reassembler::Step::whole) std::abort();
        }
        if (other == Reassembler::Step::whole &&
            (cutting.size() != total || cutting.bytes() != sent.substr(0, kept_max)))
            std::abort();
    }
    return 0;
}
