#include "recorder/format/certificate.h"

#include "common/bytes.h"
#include "recorder/format/openssl.h"
#include "recorder/format/signing.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

namespace ecluse::recording {
namespace {

constexpr std::size_t pem_bytes_max = 32 * 1024;
constexpr int rsa_bits_min = 3072;

} // namespace

std::string Certificate::fingerprint() const
{
    return to_hex(sha256(der));
}

Result<Certificate> parse_certificate(std::string_view pem)
{
    if (pem.size() > pem_bytes_max) return Error{Errc::too_large, "certificate: too large"};
    Bio const bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    if (!bio) return openssl_error("certificate");
    X509Handle const x509{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
    if (!x509) return openssl_error("certificate", Errc::malformed);
    Certificate certificate;
    certificate.der =
        to_der(x509.get(), [](X509* x, unsigned char** out) { return i2d_X509(x, out); });
    certificate.public_key =
        to_der(X509_get_X509_PUBKEY(x509.get()), [](X509_PUBKEY* x, unsigned char** out) {
            return i2d_X509_PUBKEY(x, out);
        });
    Bio const again{BIO_new(BIO_s_mem())};
    if (!again || PEM_write_bio_X509(again.get(), x509.get()) != 1)
        return openssl_error("certificate");
    certificate.pem = view_of(again.get());
    if (certificate.der.empty() || certificate.public_key.empty())
        return openssl_error("certificate", Errc::malformed);
    return certificate;
}

Result<> check_recipient(Certificate const& certificate)
{
    auto const* at = bytes_of(certificate.public_key);
    KeyHandle const key{d2i_PUBKEY(nullptr, &at, static_cast<long>(certificate.public_key.size()))};
    if (!key) return openssl_error("recipient key", Errc::malformed);
    if (EVP_PKEY_is_a(key.get(), "RSA")) {
        if (EVP_PKEY_get_bits(key.get()) >= rsa_bits_min) return {};
        return Error{Errc::refused, "recipient key: RSA under 3072 bits"};
    }
    char group[32] = "";
    std::size_t length = 0;
    if (EVP_PKEY_is_a(key.get(), "EC") &&
        EVP_PKEY_get_group_name(key.get(), group, sizeof group, &length) == 1 &&
        std::string_view{group} == "secp384r1")
        return {};
    ERR_clear_error();
    return Error{Errc::refused, "recipient key: neither RSA of 3072 bits or more nor EC P-384"};
}

} // namespace ecluse::recording
