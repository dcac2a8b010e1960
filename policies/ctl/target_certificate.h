#pragma once

#include "common/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ecluse::ctl {

/// What an RDP target shows before anybody trusts it: its certificate, in PEM. Nothing is sent
/// beyond the negotiation and the TLS handshake, and nobody is named.
[[nodiscard]] Result<std::string>
fetch_target_certificate(std::string const& host, std::uint16_t port);

/// What a target answers to our first packet [MS-RDPBCGR 2.2.1.2], once it chose TLS or NLA.
/// Anything else is an error: no RDP, only the old security of RDP, or a refusal by number.
constexpr std::size_t negotiation_bytes = 19;
Result<> check_negotiation(std::string_view answer);

} // namespace ecluse::ctl
