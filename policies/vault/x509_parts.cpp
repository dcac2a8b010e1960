#include "policies/vault/x509_parts.h"

#include "common/bytes.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace ecluse::x509 {
namespace {

constexpr std::size_t serial_bytes = 16;

} // namespace

unsigned char const* bytes_of(std::string_view text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
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

int no_passphrase(char*, int, int, void*)
{
    return -1;
}

std::string shortened(std::string_view text, std::size_t chars_max)
{
    std::size_t chars = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const starts = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U;
        if (starts && ++chars > chars_max) return std::string{text.substr(0, i)};
    }
    return std::string{text};
}

bool set_common_name(X509_NAME* name, std::string const& common)
{
    auto const size = static_cast<int>(common.size());
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, bytes_of(common), size, -1, 0) ==
           1;
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

bool set_number(X509* certificate)
{
    auto bytes = random_bytes(serial_bytes);
    bytes[0] = static_cast<char>((static_cast<unsigned char>(bytes[0]) & 0x7fU) | 0x40U);
    BigNumber const serial{BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)};
    return serial && BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate));
}

bool set_validity(X509* certificate, std::time_t from, int days)
{
    return ASN1_TIME_set(X509_getm_notBefore(certificate), from) &&
           ASN1_TIME_adj(X509_getm_notAfter(certificate), from, days, 0);
}

Secret private_pem(EVP_PKEY* key)
{
    Bio const out{BIO_new(BIO_s_secmem())};
    auto const written =
        out && PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    ECLUSE_ASSERT(written);
    auto text = content_of(out.get());
    return Secret{text};
}

} // namespace ecluse::x509
