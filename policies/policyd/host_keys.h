#pragma once

#include "common/fd.h"

#include <string>
#include <vector>

namespace ecluse::policyd {

struct Context;

/// Makes the keys of the SSH front door that do not exist yet, sealed in the table `secret`.
Result<> ensure_host_keys(Context& context);
/// Each private key as OpenSSH writes it, in a file of memory, ready for a packet.
[[nodiscard]] Result<std::vector<Fd>> host_key_files(Context& context);

} // namespace ecluse::policyd
