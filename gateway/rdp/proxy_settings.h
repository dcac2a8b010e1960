#pragma once

#include "common/secret.h"

#include <string>

namespace ecluse::rdp {

/// The configuration of FreeRDP's proxy, as the text it reads: TLS only on both sides unless the
/// grant says NLA, no channel unless ours decides, never a target that a client could name.
[[nodiscard]] Secret proxy_configuration(std::string const& certificate, Secret const& key);

} // namespace ecluse::rdp
