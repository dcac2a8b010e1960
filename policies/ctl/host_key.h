#pragma once

#include "common/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ecluse::ctl {

/// What a target shows before anybody trusts it: its host keys, as "type base64". Nothing is sent
/// beyond the key exchange.
[[nodiscard]] Result<std::vector<std::string>>
fetch_host_keys(std::string const& host, std::uint16_t port);

} // namespace ecluse::ctl
