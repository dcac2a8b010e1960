#pragma once

#include "common/packet.h"
#include "common/secret.h"

#include <string>
#include <vector>

namespace ecluse::terminal {

/// What policyd says first (docs/requests.md §3ter): as whom to log in, with the word that opens
/// this one connection, and which host keys the door shows.
struct Orders {
    std::string login; // "login+asset+account"
    Secret word;
    std::vector<std::string> host_keys; // "SHA256:…"
};
/// Waits for it.
[[nodiscard]] Result<Orders> receive_orders(PacketSocket const& policy);

} // namespace ecluse::terminal
