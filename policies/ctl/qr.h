#pragma once

#include <string>
#include <string_view>

namespace ecluse::ctl {

/// The text as a QR code of half blocks, dark on light whatever the terminal's colours are; empty
/// when it does not fit one.
[[nodiscard]] std::string qr_code(std::string_view text);

} // namespace ecluse::ctl
