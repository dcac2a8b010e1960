#include "policies/report/sign.h"

#include "policies/report/openssl_owners.h"

#include <openssl/err.h>

namespace ecluse::report {

Error openssl_error(std::string what)
{
    char reason[256]{};
    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    ERR_clear_error();
    return {Errc::corrupt, std::move(what) + ": " + reason};
}

Result<X509Owner> read_certificate(std::string const& pem)
{
    BioOwner const bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    X509Owner certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
    if (!certificate) return openssl_error("read certificate");
    return certificate;
}

Result<std::string> der_of(CMS_ContentInfo* cms)
{
    unsigned char* bytes = nullptr;
    int const size = i2d_CMS_ContentInfo(cms, &bytes);
    if (size <= 0) return openssl_error("write signature");
    std::string der{reinterpret_cast<char const*>(bytes), static_cast<std::size_t>(size)};
    OPENSSL_free(bytes);
    return der;
}

Result<std::string> sign_cades_detached(
    std::string_view bytes, std::string const& certificate_pem, std::string const& key_pem
)
{
    auto const certificate = ECLUSE_TRY(read_certificate(certificate_pem));
    BioOwner const key_bio{BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()))};
    // An empty password instead of a callback: an encrypted key must fail, not ask the terminal.
    char no_password[] = "";
    KeyOwner const key{PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, no_password)};
    if (!key) return openssl_error("read evidence key");
    if (X509_check_private_key(certificate.get(), key.get()) != 1)
        return openssl_error("sign report: the key is not the certificate's");

    unsigned const flags = CMS_DETACHED | CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP;
    CmsOwner const cms{CMS_sign(nullptr, nullptr, nullptr, nullptr, flags | CMS_PARTIAL)};
    if (!cms) return openssl_error("sign report");
    if (!CMS_add1_signer(cms.get(), certificate.get(), key.get(), EVP_sha256(), flags))
        return openssl_error("sign report: add signer");
    BioOwner const data{BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))};
    if (CMS_final(cms.get(), data.get(), nullptr, flags) != 1)
        return openssl_error("sign report: finish");
    return der_of(cms.get());
}

} // namespace ecluse::report
