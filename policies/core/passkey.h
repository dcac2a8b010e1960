#pragma once

#include "common/result.h"

#include <cstdint>
#include <string>
#include <string_view>

/// Passkeys and security keys as a second factor: what a browser and its authenticator say
/// (WebAuthn level 2), judged. Without attestation: which make of key a person uses is that
/// person's choice. CLAUSIER:O-5.4, CLAUSIER:O-12.3.5.
namespace ecluse {

/// Where a code of six digits would stand, an assertion begins so; base64 of a JSON object follows.
constexpr std::string_view passkey_prefix = "passkey.";

/// One use of a passkey. Bytes, not base64.
struct PasskeyAssertion {
    std::string id; // of the credential, as its authenticator names it
    std::string client_data, authenticator_data, signature;
};
[[nodiscard]] Result<PasskeyAssertion> parse_assertion(std::string_view code);

/// What the browser says that it was asked, by whom.
struct PasskeyClientData {
    std::string type;      // "webauthn.get", "webauthn.create"
    std::string challenge; // bytes
    std::string origin;    // "https://portal.example:8443"
};
[[nodiscard]] Result<PasskeyClientData> parse_client_data(std::string_view bytes);

/// "portal.example" of "https://portal.example:8443": what a passkey is bound to. Empty when there
/// is none.
[[nodiscard]] std::string rp_id_of(std::string_view origin);

/// A passkey in use.
struct Passkey {
    std::string public_key; // DER SubjectPublicKeyInfo
    std::string rp_id;
    std::uint32_t counter = 0; // of its last use
};
struct PasskeyUse {
    std::uint32_t counter = 0; // 0: this authenticator does not count
    bool verified = false;     // it knew its owner by PIN or finger
};
/// Why a use is refused.
enum class PasskeyFault {
    none,
    wrong,  // type, origin, relying party, presence or signature
    copied, // the counter did not advance: two devices hold one key, or an old use comes again
};
struct PasskeyVerdict {
    PasskeyFault fault = PasskeyFault::wrong;
    PasskeyUse use;
};
/// The challenge is the caller's to compare, for it can be used once only.
[[nodiscard]] PasskeyVerdict
judge_assertion(PasskeyAssertion const& assertion, Passkey const& key, std::string_view origin);

/// A passkey that a browser has just made.
struct NewPasskey {
    std::string id;
    Passkey key;
};
/// `public_key` as the browser gives it (getPublicKey): ES256, EdDSA or RS256 of 2048 bits or more.
[[nodiscard]] Result<NewPasskey> judge_creation(
    std::string_view client_data,
    std::string_view authenticator_data,
    std::string_view public_key,
    std::string_view origin
);

} // namespace ecluse
