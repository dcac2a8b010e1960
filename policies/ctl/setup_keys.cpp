#include "policies/ctl/setup_keys.h"

#include "common/bytes.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <memory>

namespace ecluse::ctl {
namespace {

constexpr long validity_s = 20L * 366 * 24 * 3600;
/// PBKDF2 rounds of the file: it may lie on a USB key for years.
constexpr int pkcs12_rounds = 600000;

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(PKCS12* file) const { PKCS12_free(file); }
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};
template <class T> using Owned = std::unique_ptr<T, Free>;

Error failed(char const* what)
{
    return {Errc::io, std::string{"make keys: "} + what};
}

bool add_extension(X509& certificate, int name, char const* value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, &certificate, &certificate, nullptr, nullptr, 0);
    auto* extension = X509V3_EXT_conf_nid(nullptr, &context, name, value);
    if (!extension) return false;
    bool const added = X509_add_ext(&certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

Result<Owned<X509>> self_signed(EVP_PKEY& key, std::string const& common_name)
{
    Owned<X509> certificate{X509_new()};
    if (!certificate) return failed("certificate");
    auto const serial = "00" + to_hex(random_bytes(15));
    BIGNUM* number = nullptr;
    if (BN_hex2bn(&number, serial.c_str()) == 0) return failed("serial");
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
    BN_free(number);
    X509_set_version(certificate.get(), X509_VERSION_3);
    // A day early: another machine's clock may be behind.
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -24L * 3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), validity_s);
    auto* const name = X509_get_subject_name(certificate.get());
    std::string cn = common_name.substr(0, 64);
    while (!cn.empty() && (static_cast<unsigned char>(cn.back()) & 0xC0U) == 0x80U &&
           cn.size() == 64)
        cn.pop_back();
    if (X509_NAME_add_entry_by_txt(
            name,
            "CN",
            MBSTRING_UTF8,
            reinterpret_cast<unsigned char const*>(cn.data()),
            static_cast<int>(cn.size()),
            -1,
            0
        ) != 1)
        return failed("name");
    X509_set_issuer_name(certificate.get(), name);
    X509_set_pubkey(certificate.get(), &key);
    if (!add_extension(*certificate, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(*certificate, NID_key_usage, "critical,keyAgreement") ||
        !add_extension(*certificate, NID_subject_key_identifier, "hash"))
        return failed("extensions");
    if (X509_sign(certificate.get(), &key, EVP_sha384()) == 0) return failed("sign");
    return certificate;
}

std::string contents(BIO& bio)
{
    char* bytes = nullptr;
    auto const size = BIO_get_mem_data(&bio, &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

} // namespace

Result<KeyPair> make_key_pair(std::string const& common_name, Secret const& passphrase)
{
    Owned<EVP_PKEY> const key{EVP_EC_gen("P-384")};
    if (!key) return failed("key");
    auto const certificate = ECLUSE_TRY(self_signed(*key, common_name));
    Owned<BIO> const pem{BIO_new(BIO_s_mem())};
    if (!pem || PEM_write_bio_X509(pem.get(), certificate.get()) != 1) return failed("write");
    std::string words{passphrase.reveal()};
    Owned<PKCS12> const file{PKCS12_create(
        words.c_str(),
        common_name.c_str(),
        key.get(),
        certificate.get(),
        nullptr,
        NID_aes_256_cbc,
        NID_aes_256_cbc,
        pkcs12_rounds,
        -1, // the MAC is made below, with SHA-256
        0
    )};
    bool const sealed =
        file &&
        PKCS12_set_mac(file.get(), words.c_str(), -1, nullptr, 0, pkcs12_rounds, EVP_sha256());
    wipe(words);
    if (!sealed) return failed("PKCS#12");
    Owned<BIO> const der{BIO_new(BIO_s_mem())};
    if (!der || i2d_PKCS12_bio(der.get(), file.get()) != 1) return failed("write PKCS#12");
    return KeyPair{contents(*pem), contents(*der)};
}

} // namespace ecluse::ctl
