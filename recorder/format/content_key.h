#pragma once

#include "common/secret.h"
#include "recorder/format/certificate.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace ecluse::recording {

constexpr std::size_t content_key_bytes = 32;

/// The key K of one recording. In the recorder it lives in memory only and is wiped at the seal;
/// afterwards it exists only wrapped for the recipients.
class ContentKey {
public:
    [[nodiscard]] static Result<ContentKey> generate();
    [[nodiscard]] static Result<ContentKey> from_bytes(Secret bytes);

    /// SHA-256 of the 32 bytes: says which key it is, and nothing about it.
    [[nodiscard]] std::string const& commitment() const { return commitment_; }
    /// The identifier in every segment: the first 16 bytes of the commitment.
    [[nodiscard]] std::string_view id() const
    {
        return std::string_view{commitment_}.substr(0, 16);
    }
    [[nodiscard]] std::string_view reveal() const { return bytes_.reveal(); }
    void wipe() { bytes_.wipe(); }

private:
    explicit ContentKey(Secret bytes);

    Secret bytes_;
    std::string commitment_;
};

/// K for one recipient: CMS AuthEnvelopedData (AES-256-GCM), the key transported by RSA-OAEP with
/// SHA-256 or agreed by ECDH on P-384; `openssl cms -decrypt` opens it.
[[nodiscard]] Result<std::string>
wrap_content_key(ContentKey const& key, Certificate const& recipient);

} // namespace ecluse::recording
