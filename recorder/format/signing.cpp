#include "recorder/format/signing.h"

#include "recorder/format/openssl.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

namespace ecluse::recording {
namespace {

using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

/// Seals and countersignatures are ECDSA on P-256 or P-384, so that one length check serves the
/// shell verifier for all of them.
bool may_sign(EVP_PKEY* key)
{
    char group[32] = "";
    std::size_t length = 0;
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1 &&
           (std::string_view{group} == "prime256v1" || std::string_view{group} == "secp384r1");
}

} // namespace

void KeyFree::operator()(evp_pkey_st* key) const
{
    EVP_PKEY_free(key);
}

Result<SessionKey> SessionKey::generate()
{
    KeyHandle key{EVP_EC_gen("P-256")};
    if (!key) return openssl_error("generate session key");
    return SessionKey{std::move(key)};
}

Result<std::string> SessionKey::public_key() const
{
    if (!key_) return Error{Errc::unavailable, "session key: wiped"};
    auto der =
        to_der(key_.get(), [](EVP_PKEY* key, unsigned char** out) { return i2d_PUBKEY(key, out); });
    if (der.empty()) return openssl_error("encode session key");
    return der;
}

Result<std::string> SessionKey::sign(std::string_view message) const
{
    if (!key_) return Error{Errc::unavailable, "session key: wiped"};
    DigestContext const context{EVP_MD_CTX_new()};
    std::size_t length = 0;
    if (!context ||
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &length, bytes_of(message), message.size()) != 1)
        return openssl_error("sign");
    std::string signature(length, '\0');
    if (EVP_DigestSign(
            context.get(),
            reinterpret_cast<unsigned char*>(signature.data()),
            &length,
            bytes_of(message),
            message.size()
        ) != 1)
        return openssl_error("sign");
    signature.resize(length);
    return signature;
}

std::optional<VerifyingKey> VerifyingKey::parse(std::string_view public_key)
{
    auto const* at = bytes_of(public_key);
    KeyHandle key{d2i_PUBKEY(nullptr, &at, static_cast<long>(public_key.size()))};
    bool const good = key && at == bytes_of(public_key) + public_key.size() && may_sign(key.get());
    ERR_clear_error();
    if (!good) return std::nullopt;
    return VerifyingKey{std::move(key)};
}

bool VerifyingKey::verifies(std::string_view message, std::string_view signature) const
{
    DigestContext const context{EVP_MD_CTX_new()};
    // For ECDSA libcrypto encodes the signature again and compares: nothing may follow it.
    bool const good =
        context &&
        EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
        EVP_DigestVerify(
            context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()
        ) == 1;
    ERR_clear_error();
    return good;
}

bool verify_signature(
    std::string_view public_key, std::string_view message, std::string_view signature
)
{
    auto const key = VerifyingKey::parse(public_key);
    return key && key->verifies(message, signature);
}

} // namespace ecluse::recording
