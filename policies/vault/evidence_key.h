#pragma once

#include "common/result.h"
#include "common/secret.h"
#include "common/time.h"

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

/// The key that vouches for this gateway's journal, seals and reports: ECDSA P-256 with a
/// certificate of its own, so that anybody can check with `openssl dgst -sha256 -verify`.
namespace ecluse {

class EvidenceKey {
public:
    /// Valid ten years from `now`; `site` names the hospital.
    [[nodiscard]] static Result<EvidenceKey> create(std::string_view site, UtcTime now);
    /// What `private_pem` and `certificate_pem` gave; refuses two that do not belong together.
    [[nodiscard]] static Result<EvidenceKey>
    load(std::string_view private_pem, std::string certificate_pem);

    /// PKCS#8, for the vault.
    [[nodiscard]] Secret private_pem() const;
    [[nodiscard]] std::string const& certificate_pem() const { return certificate_; }
    /// ECDSA with SHA-256, in DER.
    [[nodiscard]] Result<std::string> sign_der(std::string_view bytes) const;

private:
    using Key = std::shared_ptr<EVP_PKEY>;
    EvidenceKey(Key key, std::string certificate)
        : key_{std::move(key)}, certificate_{std::move(certificate)}
    {
    }

    Key key_;
    std::string certificate_;
};

/// Success when `der` is exactly one signature of `bytes` by the certificate's key: nothing after
/// it, no second spelling. Says nothing about who issued the certificate: the caller knows it
/// already.
Result<>
verify_evidence(std::string_view certificate_pem, std::string_view bytes, std::string_view der);
/// PEM of the public key, as `openssl dgst -verify` wants it.
[[nodiscard]] Result<std::string> evidence_public_pem(std::string_view certificate_pem);

} // namespace ecluse
