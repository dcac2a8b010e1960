#include "gateway/ssh/sftp_tap.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace {

using namespace ecluse;
using namespace ecluse::ssh;

struct Seen {
    std::string up;
    std::string down;
    std::vector<std::string> events;
    bool stopped = false;
};

/// The input is a list of chunks: a byte whose low bit says "down", two bytes of length, the bytes.
Seen pass(std::string_view input, bool byte_by_byte)
{
    SftpTap tap{
        {.channel = 1,
         .budget_bytes = 0,
         .may_upload = input.size() % 2 == 0,
         .may_download = input.size() % 3 != 0,
         .command = {},
         .refusal = "no"}};
    Seen seen;
    while (input.size() >= 3 && !seen.stopped) {
        bool const is_down = (input[0] & 1) != 0;
        auto const length = static_cast<std::size_t>(static_cast<unsigned char>(input[1])) * 256 +
                            static_cast<unsigned char>(input[2]);
        input.remove_prefix(3);
        auto chunk = input.substr(0, length);
        input.remove_prefix(chunk.size());
        while (!chunk.empty() && !seen.stopped) {
            auto const part = chunk.substr(0, byte_by_byte ? 1 : chunk.size());
            chunk.remove_prefix(part.size());
            auto const result = is_down ? tap.down(part, {}) : tap.up(part, {});
            (is_down ? seen.down : seen.up).append(result.forward);
            seen.down.append(result.reply);
            seen.events.insert(seen.events.end(), result.events.begin(), result.events.end());
            seen.stopped = !result.stop.empty();
        }
    }
    auto const last = tap.conclude(std::nullopt);
    seen.events.insert(seen.events.end(), last.begin(), last.end());
    return seen;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const input{reinterpret_cast<char const*>(data), size};
    // How the network cuts the stream must change nothing.
    auto const whole = pass(input, false);
    auto const pieces = pass(input, true);
    if (whole.up != pieces.up || whole.stopped != pieces.stopped || whole.events != pieces.events)
        std::abort();
    if (!whole.stopped && whole.down.size() != pieces.down.size()) std::abort();
    return 0;
}
