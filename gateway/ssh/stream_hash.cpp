#include "gateway/ssh/stream_hash.h"

#include "common/bytes.h"
#include "common/result.h"

#include <openssl/evp.h>

namespace ecluse::ssh {

void StreamHash::Free::operator()(evp_md_ctx_st* context) const
{
    EVP_MD_CTX_free(context);
}

StreamHash::StreamHash() : context_{EVP_MD_CTX_new()}
{
    ECLUSE_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

StreamHash::~StreamHash() = default;

void StreamHash::update(std::string_view bytes)
{
    ECLUSE_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string StreamHash::finish()
{
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 0;
    ECLUSE_ASSERT(
        EVP_DigestFinal_ex(
            context_.get(), reinterpret_cast<unsigned char*>(digest.data()), &length
        ) == 1
    );
    digest.resize(length);
    return to_hex(digest);
}

} // namespace ecluse::ssh
