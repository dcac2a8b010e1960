#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ecluse::rdp {

/// SHA-256 of the first certificate in a PEM text, in hexadecimal; nothing when there is none.
[[nodiscard]] std::optional<std::string> certificate_digest(std::string_view pem);

} // namespace ecluse::rdp
