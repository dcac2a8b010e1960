#include "policies/vault/evidence_key.h"

#include "common/bytes.h"
#include "policies/vault/openssl_owner.h"

#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>

namespace ecluse {

namespace {

constexpr long valid_days = 3653; // ten years, leap days included
/// X.520's bound of a common name, less our own words.
constexpr std::size_t site_chars_max = 46;
constexpr std::size_t serial_bytes = 16;
constexpr std::size_t pem_bytes_max = 64 * 1024;

unsigned char const* bytes_of(std::string_view text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

Error broken(std::string_view what)
{
    return {Errc::malformed, "evidence key: " + std::string{what}};
}

Bio reading(std::string_view text)
{
    return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

std::string content_of(BIO* bio)
{
    char* data = nullptr;
    auto const size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

/// Never asks a person: OpenSSL's default callback would wait on a terminal.
int no_passphrase(char*, int, int, void*)
{
    return -1;
}

/// The first characters, not cut within one.
std::string shortened(std::string_view text, std::size_t chars_max)
{
    std::size_t chars = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const starts = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U;
        if (starts && ++chars > chars_max) return std::string{text.substr(0, i)};
    }
    return std::string{text};
}

bool add_extension(X509* certificate, int nid, char const* value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    std::unique_ptr<X509_EXTENSION, CallFree<X509_EXTENSION_free>> const extension{
        X509V3_EXT_conf_nid(nullptr, &context, nid, value)};
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool name(X509* certificate, std::string_view site)
{
    auto const common = "Écluse – preuve, " + shortened(site, site_chars_max);
    auto* const subject = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_txt(
               subject,
               "CN",
               MBSTRING_UTF8,
               bytes_of(common),
               static_cast<int>(common.size()),
               -1,
               0
           ) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1;
}

bool number(X509* certificate)
{
    auto bytes = random_bytes(serial_bytes);
    bytes[0] = static_cast<char>((static_cast<unsigned char>(bytes[0]) & 0x7fU) | 0x40U);
    BigNumber const serial{BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)};
    return serial && BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate));
}

Result<std::string> self_signed(EVP_PKEY* key, std::string_view site, UtcTime now)
{
    Certificate const owner{X509_new()};
    auto* const certificate = owner.get();
    auto const from = std::chrono::system_clock::to_time_t(now);
    auto const made =
        certificate && X509_set_version(certificate, X509_VERSION_3) == 1 && number(certificate) &&
        ASN1_TIME_set(X509_getm_notBefore(certificate), from) &&
        ASN1_TIME_adj(X509_getm_notAfter(certificate), from, valid_days, 0) &&
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
    Bio const out{BIO_new(BIO_s_secmem())};
    auto const written =
        out &&
        PEM_write_bio_PKCS8PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    ECLUSE_ASSERT(written);
    auto text = content_of(out.get());
    return Secret{text};
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
