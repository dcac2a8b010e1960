#pragma once

#include "common/fd.h"
#include "policies/vault/ssh_key.h"

#include <string>
#include <vector>

namespace ecluse {
class Database;
}

namespace ecluse::policyd {

struct Context;

struct NewHostKey {
    std::string name;
    SshKey key;
};
/// The keys of the SSH front door that do not exist yet. Before policyd's sockets do: an RSA key
/// takes seconds of a busy machine, and whoever has connected by then waits.
[[nodiscard]] Result<std::vector<NewHostKey>> make_missing_host_keys(Database& database);
/// Seals them in the table `secret`.
Result<> keep_host_keys(Context& context, std::vector<NewHostKey> const& keys);
/// Each private key as OpenSSH writes it, in a file of memory, ready for a packet.
[[nodiscard]] Result<std::vector<Fd>> host_key_files(Context& context);

} // namespace ecluse::policyd
