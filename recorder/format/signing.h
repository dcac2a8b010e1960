#pragma once

#include "common/result.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

struct evp_pkey_st;

namespace ecluse::recording {

struct KeyFree {
    void operator()(evp_pkey_st* key) const;
};
using KeyHandle = std::unique_ptr<evp_pkey_st, KeyFree>;

/// The key of one session, ECDSA P-256, alive only in this process: once it is gone nobody, root
/// included, can sign another end for the recording.
class SessionKey {
public:
    [[nodiscard]] static Result<SessionKey> generate();

    /// SubjectPublicKeyInfo, DER.
    [[nodiscard]] Result<std::string> public_key() const;
    /// ECDSA over SHA-256, DER: what `openssl dgst -sha256 -sign` writes.
    [[nodiscard]] Result<std::string> sign(std::string_view message) const;
    void wipe() { key_.reset(); }

private:
    explicit SessionKey(KeyHandle key) : key_{std::move(key)} {}

    KeyHandle key_;
};

/// A public key that many signatures are checked with: taken apart once.
class VerifyingKey {
public:
    /// A SubjectPublicKeyInfo, DER, of a key that may sign; nothing for anything else.
    [[nodiscard]] static std::optional<VerifyingKey> parse(std::string_view public_key);
    /// As verify_signature.
    [[nodiscard]] bool verifies(std::string_view message, std::string_view signature) const;

private:
    explicit VerifyingKey(KeyHandle key) : key_{std::move(key)} {}

    KeyHandle key_;
};

/// Whether `signature` is exactly one signature of `message` (SHA-256) by the key, and nothing
/// more: `public_key` is a SubjectPublicKeyInfo, DER.
[[nodiscard]] bool
verify_signature(std::string_view public_key, std::string_view message, std::string_view signature);

} // namespace ecluse::recording
