#pragma once

#include "common/result.h"

#include <string>
#include <string_view>

namespace ecluse::recording {

/// One X.509 certificate, read strictly from PEM and written again in one way only.
struct Certificate {
    std::string der;
    std::string pem;
    /// SubjectPublicKeyInfo, DER.
    std::string public_key;

    /// Hexadecimal SHA-256 of `der`: how headers name certificates.
    [[nodiscard]] std::string fingerprint() const;
};

[[nodiscard]] Result<Certificate> parse_certificate(std::string_view pem);
/// Whether a content key may be wrapped for it: RSA of at least 3072 bits, or EC P-384.
Result<> check_recipient(Certificate const& certificate);

} // namespace ecluse::recording
