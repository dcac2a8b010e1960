#include "recorder/format/segment.h"

#include "recorder/format/openssl.h"

#include <openssl/evp.h>

namespace ecluse::recording {
namespace {

std::string first_line(std::string_view session, std::uint64_t index)
{
    return "ecluse-segment 1 " + std::string{session} + " " + std::to_string(index) + "\n";
}

/// CMS_add0_recipient_key takes over malloc'ed bytes.
unsigned char* handed_over(std::string_view bytes)
{
    return static_cast<unsigned char*>(OPENSSL_memdup(bytes.data(), bytes.size()));
}

Result<> add_key(CMS_ContentInfo* cms, ContentKey const& key)
{
    auto* const bytes = handed_over(key.reveal());
    auto* const id = handed_over(key.id());
    if (bytes && id &&
        CMS_add0_recipient_key(
            cms,
            NID_id_aes256_wrap,
            bytes,
            key.reveal().size(),
            id,
            key.id().size(),
            nullptr,
            nullptr,
            nullptr
        ))
        return {};
    OPENSSL_clear_free(bytes, key.reveal().size());
    OPENSSL_free(id);
    return openssl_error("segment key");
}

} // namespace

Result<std::string> seal_segment(
    ContentKey const& key, std::string_view session, std::uint64_t index, std::string_view frames
)
{
    Cms const cms{CMS_AuthEnvelopedData_create(EVP_aes_256_gcm())};
    if (!cms) return openssl_error("seal segment");
    ECLUSE_TRY(add_key(cms.get(), key));
    CMS_set_detached(cms.get(), 0);
    Bio const content{CMS_dataInit(cms.get(), nullptr)};
    if (!content) return openssl_error("seal segment");
    auto const line = first_line(session, index);
    bool const good = BIO_write(content.get(), line.data(), static_cast<int>(line.size())) ==
                          static_cast<int>(line.size()) &&
                      (frames.empty() ||
                       BIO_write(content.get(), frames.data(), static_cast<int>(frames.size())) ==
                           static_cast<int>(frames.size())) &&
                      BIO_flush(content.get()) == 1 && CMS_dataFinal(cms.get(), content.get()) == 1;
    if (!good) return openssl_error("seal segment");
    auto der = to_der(cms.get(), [](CMS_ContentInfo* c, unsigned char** out) {
        return i2d_CMS_ContentInfo(c, out);
    });
    if (der.empty()) return openssl_error("seal segment");
    return der;
}

Result<std::string> open_segment(
    ContentKey const& key, std::string_view session, std::uint64_t index, std::string_view der
)
{
    if (der.size() > segment_der_max) return Error{Errc::too_large, "open segment: too large"};
    auto const* at = bytes_of(der);
    Cms const cms{d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size()))};
    if (!cms || at != bytes_of(der) + der.size())
        return openssl_error("open segment: not one CMS", Errc::malformed);
    // Without this check an unauthenticated kind of envelope would be accepted.
    if (OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_id_smime_ct_authEnvelopedData)
        return Error{Errc::malformed, "open segment: not an AuthEnvelopedData"};
    auto* const bytes = handed_over(key.reveal());
    bool const found =
        bytes && CMS_decrypt_set1_key(
                     cms.get(), bytes, key.reveal().size(), bytes_of(key.id()), key.id().size()
                 ) == 1;
    OPENSSL_clear_free(bytes, key.reveal().size());
    if (!found) return openssl_error("open segment: another key", Errc::corrupt);
    Bio const plain{BIO_new(BIO_s_mem())};
    if (!plain || CMS_decrypt(cms.get(), nullptr, nullptr, nullptr, plain.get(), CMS_BINARY) != 1)
        return openssl_error("open segment", Errc::corrupt);
    auto const content = view_of(plain.get());
    auto const line = first_line(session, index);
    if (!content.starts_with(line))
        return Error{Errc::corrupt, "open segment: of another session or place"};
    return std::string{content.substr(line.size())};
}

} // namespace ecluse::recording
