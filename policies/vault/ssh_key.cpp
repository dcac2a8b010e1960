#include "policies/vault/ssh_key.h"

#include "common/bytes.h"
#include "policies/vault/ssh_numbers.h"
#include "policies/vault/ssh_wire.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>

#include <array>

namespace ecluse {

namespace {

constexpr int rsa_bits = 3072;
constexpr int rsa_bits_min = 2048; // of a target's existing key; smaller ones are broken
constexpr int rsa_bits_max = 8192;
constexpr std::uint32_t agent_rsa_sha2_256 = 2;
constexpr std::uint32_t agent_rsa_sha2_512 = 4;

unsigned char const* bytes_of(std::string_view text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

/// "nistp256", for a key of an elliptic curve.
std::string_view curve_of(SshKey::Kind kind)
{
    if (kind == SshKey::Kind::ecdsa_p256) return "nistp256";
    if (kind == SshKey::Kind::ecdsa_p384) return "nistp384";
    return "nistp521";
}

EVP_MD const* ecdsa_digest(SshKey::Kind kind)
{
    if (kind == SshKey::Kind::ecdsa_p256) return EVP_sha256();
    if (kind == SshKey::Kind::ecdsa_p384) return EVP_sha384();
    return EVP_sha512();
}

Result<SshKey::Kind> kind_of(EVP_PKEY* key)
{
    auto const refused = Error{Errc::refused, "this kind or size of key is not used for SSH"};
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519:
        return SshKey::Kind::ed25519;
    case EVP_PKEY_RSA: {
        auto const bits = EVP_PKEY_get_bits(key);
        if (bits < rsa_bits_min || bits > rsa_bits_max) return refused;
        return SshKey::Kind::rsa;
    }
    case EVP_PKEY_EC: {
        std::array<char, 64> group{};
        EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr);
        std::string_view const name{group.data()};
        if (name == "prime256v1") return SshKey::Kind::ecdsa_p256;
        if (name == "secp384r1") return SshKey::Kind::ecdsa_p384;
        if (name == "secp521r1") return SshKey::Kind::ecdsa_p521;
        return refused;
    }
    default:
        return refused;
    }
}

Result<std::string> raw_signature(EVP_PKEY* key, EVP_MD const* digest, std::string_view data)
{
    auto const failed = Error{Errc::unavailable, "cannot sign"};
    DigestContext const context{EVP_MD_CTX_new()};
    std::size_t size = 0;
    if (!context || EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes_of(data), data.size()) != 1)
        return failed;
    std::string signature(size, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(signature.data());
    if (EVP_DigestSign(context.get(), out, &size, bytes_of(data), data.size()) != 1) return failed;
    signature.resize(size);
    return signature;
}

/// DER's two numbers as SSH writes them.
std::string ecdsa_blob(std::string_view der)
{
    auto const* data = bytes_of(der);
    std::unique_ptr<ECDSA_SIG, CallFree<ECDSA_SIG_free>> const signature{
        d2i_ECDSA_SIG(nullptr, &data, static_cast<long>(der.size()))};
    ECLUSE_ASSERT(signature != nullptr);
    std::string blob;
    put_string(blob, to_mpint(ECDSA_SIG_get0_r(signature.get())));
    put_string(blob, to_mpint(ECDSA_SIG_get0_s(signature.get())));
    return blob;
}

std::string named(std::string_view algorithm, std::string_view signature)
{
    std::string blob;
    put_string(blob, algorithm);
    put_string(blob, signature);
    return blob;
}

} // namespace

Result<SshKey> SshKey::of(EVP_PKEY* key)
{
    Key owner{key, EVP_PKEY_free};
    if (!key) return Error{Errc::malformed, "not a private key"};
    auto const kind = ECLUSE_TRY(kind_of(key));
    return SshKey{kind, std::move(owner)};
}

Result<SshKey> SshKey::generate_ed25519()
{
    return of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

Result<SshKey> SshKey::generate_rsa()
{
    return of(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(rsa_bits)));
}

std::string SshKey::type() const
{
    if (kind_ == Kind::ed25519) return "ssh-ed25519";
    if (kind_ == Kind::rsa) return "ssh-rsa";
    return "ecdsa-sha2-" + std::string{curve_of(kind_)};
}

std::string SshKey::public_blob() const
{
    std::string blob;
    put_string(blob, type());
    if (kind_ == Kind::ed25519) {
        put_string(blob, raw_public(key_.get()));
    } else if (kind_ == Kind::rsa) {
        put_string(blob, to_mpint(number_of(key_.get(), OSSL_PKEY_PARAM_RSA_E).get()));
        put_string(blob, to_mpint(number_of(key_.get(), OSSL_PKEY_PARAM_RSA_N).get()));
    } else {
        put_string(blob, curve_of(kind_));
        put_string(blob, point_of(key_.get()));
    }
    return blob;
}

std::string SshKey::public_line() const
{
    return type() + " " + to_base64(public_blob());
}

std::string SshKey::fingerprint() const
{
    auto text = to_base64(sha256(public_blob()));
    while (text.ends_with('='))
        text.pop_back();
    return "SHA256:" + text;
}

Result<std::string> SshKey::sign(std::string_view data, std::uint32_t agent_flags) const
{
    auto* const key = key_.get();
    switch (kind_) {
    case Kind::ed25519:
        return named(type(), ECLUSE_TRY(raw_signature(key, nullptr, data)));
    case Kind::rsa:
        if ((agent_flags & agent_rsa_sha2_512) != 0)
            return named("rsa-sha2-512", ECLUSE_TRY(raw_signature(key, EVP_sha512(), data)));
        if ((agent_flags & agent_rsa_sha2_256) != 0)
            return named("rsa-sha2-256", ECLUSE_TRY(raw_signature(key, EVP_sha256(), data)));
        return Error{Errc::refused, "an RSA signature with SHA-1 is not given"};
    case Kind::ecdsa_p256:
    case Kind::ecdsa_p384:
    case Kind::ecdsa_p521: {
        auto const der = ECLUSE_TRY(raw_signature(key, ecdsa_digest(kind_), data));
        return named(type(), ecdsa_blob(der));
    }
    }
    ECLUSE_ASSERT(!"every kind of key signs");
    __builtin_unreachable();
}

} // namespace ecluse
