#include "recorder/format/content_key.h"

#include "common/bytes.h"
#include "recorder/format/openssl.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

namespace ecluse::recording {
namespace {

Result<> choose_parameters(CMS_RecipientInfo* recipient)
{
    auto* const context = CMS_RecipientInfo_get0_pkey_ctx(recipient);
    if (!context) return openssl_error("recipient parameters");
    bool good = false;
    if (CMS_RecipientInfo_type(recipient) == CMS_RECIPINFO_TRANS)
        good = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1;
    else if (CMS_RecipientInfo_type(recipient) == CMS_RECIPINFO_AGREE)
        good = EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()) == 1;
    if (!good) return openssl_error("recipient parameters");
    return {};
}

} // namespace

ContentKey::ContentKey(Secret bytes)
    : bytes_{std::move(bytes)}, commitment_{sha256(bytes_.reveal())}
{
}

Result<ContentKey> ContentKey::generate()
{
    std::string bytes(content_key_bytes, '\0');
    if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(bytes.data()), content_key_bytes) != 1)
        return openssl_error("generate content key");
    return ContentKey{Secret{bytes}};
}

Result<ContentKey> ContentKey::from_bytes(Secret bytes)
{
    if (bytes.reveal().size() != content_key_bytes)
        return Error{Errc::malformed, "content key: not 32 bytes"};
    return ContentKey{std::move(bytes)};
}

Result<std::string> wrap_content_key(ContentKey const& key, Certificate const& recipient)
{
    ECLUSE_TRY(check_recipient(recipient));
    auto const* at = bytes_of(recipient.der);
    X509Handle const x509{d2i_X509(nullptr, &at, static_cast<long>(recipient.der.size()))};
    Cms const cms{CMS_AuthEnvelopedData_create(EVP_aes_256_gcm())};
    if (!x509 || !cms) return openssl_error("wrap content key");
    auto* const info = CMS_add1_recipient_cert(cms.get(), x509.get(), CMS_KEY_PARAM);
    if (!info) return openssl_error("wrap content key");
    ECLUSE_TRY(choose_parameters(info));
    Bio const plain{BIO_new_mem_buf(key.reveal().data(), static_cast<int>(key.reveal().size()))};
    CMS_set_detached(cms.get(), 0);
    if (!plain || CMS_final(cms.get(), plain.get(), nullptr, CMS_BINARY) != 1)
        return openssl_error("wrap content key");
    auto der = to_der(cms.get(), [](CMS_ContentInfo* c, unsigned char** out) {
        return i2d_CMS_ContentInfo(c, out);
    });
    if (der.empty()) return openssl_error("wrap content key");
    return der;
}

} // namespace ecluse::recording
