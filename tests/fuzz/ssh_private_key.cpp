#include "policies/vault/ssh_key.h"

#include <cstdlib>

/// A key that is read can be written, and is the same key when it is read again.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto const key = ecluse::SshKey::parse({reinterpret_cast<char const*>(data), size});
    if (!key) return 0;
    auto const again = ecluse::SshKey::parse(key->private_text().reveal());
    if (!again || again->public_blob() != key->public_blob()) std::abort();
    return 0;
}
