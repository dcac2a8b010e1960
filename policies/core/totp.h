#pragma once

#include "common/secret.h"
#include "common/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// One-time codes: RFC 6238, SHA-1, six digits, 30 s. WEB:AA4, CLAUSIER:O-5.3.
namespace ecluse {

inline constexpr std::size_t totp_secret_bytes = 20; // 160 bits
inline constexpr std::int64_t totp_step_seconds = 30;
/// A telephone's clock may be off by this many steps.
inline constexpr std::int64_t totp_steps_around = 1;

[[nodiscard]] std::int64_t totp_step(UtcTime at);
/// Six digits. `secret` is raw bytes.
[[nodiscard]] std::string totp_code(std::string_view secret, std::int64_t step);
/// The step of an acceptable code: keep it as the new `last_accepted`. Each step serves once and
/// they only grow, so a code seen over a shoulder is worth nothing. Spaces are not accepted here.
[[nodiscard]] std::optional<std::int64_t> accept_totp(
    std::string_view secret,
    std::string_view code,
    UtcTime now,
    std::optional<std::int64_t> last_accepted
);
/// Whether a typed code is a TOTP rather than a recovery code: six digits.
[[nodiscard]] bool looks_like_totp(std::string_view code);

/// RFC 4648 without padding, in capitals; reading also takes lower case, spaces and dashes, because
/// people copy it by hand.
[[nodiscard]] std::string to_base32(std::string_view bytes);
[[nodiscard]] Result<std::string> from_base32(std::string_view text);
/// "otpauth://totp/Site:login?secret=…&issuer=Site&…", for a QR code. Holds the secret: show it
/// once.
[[nodiscard]] Secret
otpauth_uri(std::string_view secret, std::string_view site, std::string_view login);

} // namespace ecluse
