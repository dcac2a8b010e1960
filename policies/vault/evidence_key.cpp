#include "policies/vault/evidence_key.h"

#include "policies/vault/x509_parts.h"

#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>

namespace ecluse {

using namespace x509;

namespace {

constexpr int valid_days = 3653; // ten years, leap days included
/// X.520's bound of a common name, less our own words.
constexpr std::size_t site_chars_max = 46;
Error broken(std::string_view what)
{
    return {Errc::malformed, "evidence key: " + std::string{what}};
}

bool name(X509* certificate, std::string_view site)
{
    auto* const subject = X509_get_subject_name(certificate);
    return set_common_name(subject, "Écluse – preuve, " + shortened(site, site_chars_max)) &&
           X509_set_issuer_name(certificate, subject) == 1;
}

Result<std::string> self_signed(EVP_PKEY* key, std::string_view site, UtcTime now)
{
    Certificate const owner{X509_new()};
    auto* const certificate = owner.get();
    auto const from = std::chrono::system_clock::to_time_t(now);
    auto const made =
        certificate && X509_set_version(certificate, X509_VERSION_3) == 1 &&
        set_number(certificate) && set_validity(certificate, from, valid_days) &&
        X509_set_pubkey(certificate, key) == 1 && name(certificate, site) &&
        add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(certificate, NID_key_usage, "critical,digitalSignature,nonRepudiation") &&
        add_extension(certificate, NID_subject_key_identifier, "hash") &&
        X509_sign(certificate, key, EVP_sha256()) > 0;
    Bio const out{BIO_new(BIO_s_mem())};
    if (!made || !out || PEM_write_bio_X509(out.get(), certificate) != 1)
        return broken("cannot make the certificate");
    return content_of(out.get());
}

bool is_p256(EVP_PKEY* key)
{
    std::array<char, 64> group{};
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
           std::string_view{group.data()} == "prime256v1";
}

Result<Certificate> read_certificate(std::string_view pem)
{
    if (pem.size() > pem_bytes_max) return broken("certificate too large");
    auto const bio = reading(pem);
    Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)};
    if (!certificate) return broken("not a certificate");
    auto* const key = X509_get0_pubkey(certificate.get());
    if (!key || !is_p256(key)) return broken("not a P-256 certificate");
    return certificate;
}

/// `openssl dgst -verify` accepts bytes after the signature; we do not.
bool is_exact(std::string_view der)
{
    auto const* data = bytes_of(der);
    std::unique_ptr<ECDSA_SIG, CallFree<ECDSA_SIG_free>> const signature{
        d2i_ECDSA_SIG(nullptr, &data, static_cast<long>(der.size()))};
    if (!signature) return false;
    unsigned char* again = nullptr;
    auto const size = i2d_ECDSA_SIG(signature.get(), &again);
    if (size < 0) return false;
    bool const same =
        std::string_view{reinterpret_cast<char*>(again), static_cast<std::size_t>(size)} == der;
    OPENSSL_free(again);
    return same;
}

} // namespace

Result<EvidenceKey> EvidenceKey::create(std::string_view site, UtcTime now)
{
    Key key{EVP_EC_gen("P-256"), EVP_PKEY_free};
    if (!key) return broken("cannot make the key");
    auto certificate = ECLUSE_TRY(self_signed(key.get(), site, now));
    return EvidenceKey{std::move(key), std::move(certificate)};
}

Result<EvidenceKey> EvidenceKey::load(std::string_view private_pem, std::string certificate_pem)
{
    if (private_pem.size() > pem_bytes_max) return broken("too large");
    auto const bio = reading(private_pem);
    Key key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free};
    if (!key || !is_p256(key.get())) return broken("not a P-256 private key");
    auto const certificate = ECLUSE_TRY(read_certificate(certificate_pem));
    if (X509_check_private_key(certificate.get(), key.get()) != 1)
        return broken("key and certificate do not belong together");
    return EvidenceKey{std::move(key), std::move(certificate_pem)};
}

Secret EvidenceKey::private_pem() const
{
    return x509::private_pem(key_.get());
}

Result<std::string> EvidenceKey::sign_der(std::string_view bytes) const
{
    DigestContext const context{EVP_MD_CTX_new()};
    std::size_t size = 0;
    auto* const c = context.get();
    if (!c || EVP_DigestSignInit(c, nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(c, nullptr, &size, bytes_of(bytes), bytes.size()) != 1)
        return Error{Errc::unavailable, "evidence key: cannot sign"};
    std::string der(size, '\0');
    if (EVP_DigestSign(
            c, reinterpret_cast<unsigned char*>(der.data()), &size, bytes_of(bytes), bytes.size()
        ) != 1)
        return Error{Errc::unavailable, "evidence key: cannot sign"};
    der.resize(size);
    return der;
}

Result<>
verify_evidence(std::string_view certificate_pem, std::string_view bytes, std::string_view der)
{
    auto const certificate = ECLUSE_TRY(read_certificate(certificate_pem));
    if (!is_exact(der)) return Error{Errc::corrupt, "not exactly one signature"};
    DigestContext const context{EVP_MD_CTX_new()};
    auto* const key = X509_get0_pubkey(certificate.get());
    if (!context || EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
        EVP_DigestVerify(context.get(), bytes_of(der), der.size(), bytes_of(bytes), bytes.size()) !=
            1)
        return Error{Errc::corrupt, "signature does not match"};
    return {};
}

Result<std::string> evidence_public_pem(std::string_view certificate_pem)
{
    auto const certificate = ECLUSE_TRY(read_certificate(certificate_pem));
    Bio const out{BIO_new(BIO_s_mem())};
    if (!out || PEM_write_bio_PUBKEY(out.get(), X509_get0_pubkey(certificate.get())) != 1)
        return broken("cannot write the public key");
    return content_of(out.get());
}

} // namespace ecluse
