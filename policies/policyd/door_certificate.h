#pragma once

#include "common/fd.h"
#include "policies/vault/door_key.h"

#include <string>
#include <string_view>
#include <vector>

namespace ecluse {
struct Config;
}

namespace ecluse::policyd {

struct Context;

/// The key and the certificate of the RDP front door, in the vault (docs/requests.md §3bis).
constexpr auto door_certificate_name = "rdp_certificate";

/// How vendors name this door: as configured, or the machine's own name.
[[nodiscard]] std::vector<std::string> door_names(Config const& config);
/// The same for a door of ecluse-web: "portal" or "console".
[[nodiscard]] std::vector<std::string> web_names(Config const& config, std::string_view door);
/// Its secret: "portal_certificate", "console_certificate".
[[nodiscard]] std::string web_certificate_name(std::string_view door);
/// Makes all three when they do not exist yet.
Result<> ensure_door_certificates(Context& context);
[[nodiscard]] Result<DoorKey>
load_certificate(Context& context, std::string const& secret);
/// The chain, then its private key, each in a file of memory, ready for a packet.
[[nodiscard]] Result<std::vector<Fd>>
certificate_files(Context& context, std::string const& secret);

} // namespace ecluse::policyd
