#include "gateway/ssh/scp_tap.h"

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
    std::string forward;
    std::string record;
    std::vector<std::string> events;
    bool stopped = false;
};

Seen pass(std::string_view input, std::size_t piece)
{
    ScpTap tap{
        {.channel = 1,
         .budget_bytes = 0,
         .may_upload = true,
         .may_download = true,
         .command = {},
         .refusal = {}},
        true};
    Seen seen;
    while (!input.empty() && !seen.stopped) {
        auto const part = input.substr(0, piece);
        input.remove_prefix(part.size());
        auto const result = tap.up(part, {});
        seen.forward.append(result.forward);
        seen.record.append(result.record);
        seen.events.insert(seen.events.end(), result.events.begin(), result.events.end());
        seen.stopped = !result.stop.empty();
    }
    return seen;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const input{reinterpret_cast<char const*>(data), size};
    auto const whole = pass(input, input.size() + 1);
    auto const pieces = pass(input, 1);
    if (whole.forward != pieces.forward || whole.record != pieces.record ||
        whole.stopped != pieces.stopped || whole.events != pieces.events)
        std::abort();
    // What is delivered is what was sent, up to the fault.
    if (input.substr(0, whole.forward.size()) != whole.forward) std::abort();
    if (!whole.stopped && whole.forward.size() != input.size()) std::abort();
    return 0;
}
