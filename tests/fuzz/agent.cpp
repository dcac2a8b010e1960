#include "policies/policyd/agent.h"

#include "policies/policyd/ssh_wire.h"

#include <cstdint>
#include <cstdlib>

// Whatever a worker sends: at most three signatures, each over an authentication of our user, and
// answers that are whole messages.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace ecluse::policyd;
    std::string const blob = ssh_text("ssh-ed25519") + ssh_text("k");
    int signatures = 0;
    Agent agent{
        {blob, "root", {}},
        [&](std::string_view signed_data, std::uint32_t) -> ecluse::Result<std::string> {
            SshReader reader{signed_data};
            if (!reader.text() || reader.byte() != 50 || reader.text() != "root") std::abort();
            ++signatures;
            return std::string{"s"};
        }};
    auto const answers = agent.feed({reinterpret_cast<char const*>(data), size});
    if (signatures > Agent::signatures_max) std::abort();
    if (!answers) return 0;
    SshReader reader{*answers};
    while (!reader.at_end())
        if (!reader.text()) std::abort();
    return 0;
}
