#include "recorder/format/segment.h"

#include "common/bytes.h"
#include "recorder/format/openssl.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

namespace ecluse::recording {
namespace {

std::string first_line(std::string_view session, std::uint64_t index)
{
    return "ecluse-segment 1 " + std::string{session} + " " + std::to_string(index) + "\n";
}

std::string text_line(std::string_view session)
{
    return "ecluse-text 1 " + std::string{session} + "\n";
}

/// CMS_add0_recipient_key takes over malloc'ed bytes.
unsigned char* handed_over(std::string_view bytes)
{
    return static_cast<unsigned char*>(OPENSSL_memdup(bytes.data(), bytes.size()));
}

// The envelope is written by hand: OpenSSL's own writer copies a segment several times through
// filters of 4 KiB, which made the recorder the slowest part of a bulk transfer.
constexpr std::string_view oid_auth_enveloped_data{
    "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17", 13};
constexpr std::string_view oid_data{"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", 11};
constexpr std::string_view oid_aes256_wrap{"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2d", 11};
constexpr std::string_view oid_aes256_gcm{"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2e", 11};
constexpr std::string_view version_0{"\x02\x01\x00", 3};
constexpr std::string_view version_4{"\x02\x01\x04", 3};
constexpr std::string_view tag_length_16{"\x02\x01\x10", 3};
constexpr unsigned char sequence_tag = 0x30;
constexpr unsigned char set_tag = 0x31;
constexpr unsigned char octets_tag = 0x04;
constexpr unsigned char content_tag = 0xa0;
constexpr unsigned char kek_recipient_tag = 0xa2;
constexpr unsigned char encrypted_content_tag = 0x80;
constexpr std::size_t wrapped_key_bytes = content_key_bytes + 8;
constexpr int nonce_bytes = 12;
constexpr int tag_bytes = 16;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>>;

/// Tag and length of a DER element.
std::string der_head(unsigned char tag, std::size_t length)
{
    std::string head{static_cast<char>(tag)};
    if (length < 0x80) return head + static_cast<char>(length);
    std::string digits;
    for (auto rest = length; rest > 0; rest >>= 8)
        digits.insert(digits.begin(), static_cast<char>(rest & 0xff));
    return head + static_cast<char>(0x80 | digits.size()) + digits;
}

std::string der(unsigned char tag, std::string_view content)
{
    return der_head(tag, content.size()) + std::string{content};
}

unsigned char* writable(std::string& text, std::size_t at = 0)
{
    return reinterpret_cast<unsigned char*>(text.data() + at);
}

Result<std::string> wrap_key(ContentKey const& key, Secret const& fresh)
{
    CipherContext const context{EVP_CIPHER_CTX_new()};
    std::string wrapped(wrapped_key_bytes + 8, '\0');
    int length = 0;
    if (!context) return openssl_error("segment key");
    EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_EncryptInit_ex(
            context.get(), EVP_aes_256_wrap(), nullptr, bytes_of(key.reveal()), nullptr
        ) != 1 ||
        EVP_EncryptUpdate(
            context.get(),
            writable(wrapped),
            &length,
            bytes_of(fresh.reveal()),
            static_cast<int>(fresh.reveal().size())
        ) != 1 ||
        length != static_cast<int>(wrapped_key_bytes))
        return openssl_error("segment key");
    wrapped.resize(wrapped_key_bytes);
    return wrapped;
}

/// Encrypts line and frames into `to` at `at` and returns the tag.
Result<std::string> encrypt(
    Secret const& fresh,
    std::string_view nonce,
    std::string_view line,
    std::string_view frames,
    std::string& to,
    std::size_t at
)
{
    CipherContext const context{EVP_CIPHER_CTX_new()};
    std::string tag(tag_bytes, '\0');
    int length = 0;
    auto const put = [&](std::string_view plain) {
        if (plain.empty()) return true;
        bool const good = EVP_EncryptUpdate(
                              context.get(),
                              writable(to, at),
                              &length,
                              bytes_of(plain),
                              static_cast<int>(plain.size())
                          ) == 1;
        at += plain.size();
        return good;
    };
    if (!context ||
        EVP_EncryptInit_ex(
            context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(fresh.reveal()), bytes_of(nonce)
        ) != 1 ||
        !put(line) || !put(frames) ||
        EVP_EncryptFinal_ex(context.get(), writable(tag), &length) != 1 ||
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag.data()) != 1)
        return openssl_error("seal segment");
    return tag;
}

Result<Secret> fresh_key()
{
    std::string bytes(content_key_bytes, '\0');
    if (RAND_priv_bytes(writable(bytes), static_cast<int>(bytes.size())) != 1)
        return openssl_error("segment key");
    return Secret{bytes};
}

Result<std::string>
seal_content(ContentKey const& key, std::string const& line, std::string_view frames)
{
    auto const fresh = ECLUSE_TRY(fresh_key());
    auto const wrapped = ECLUSE_TRY(wrap_key(key, fresh));
    auto const nonce = random_bytes(nonce_bytes);
    auto const plain_bytes = line.size() + frames.size();

    auto const recipients =
        der(set_tag,
            der(kek_recipient_tag,
                std::string{version_4} + der(sequence_tag, der(octets_tag, key.id())) +
                    der(sequence_tag, oid_aes256_wrap) + der(octets_tag, wrapped)));
    auto const algorithm =
        der(sequence_tag,
            std::string{oid_aes256_gcm} +
                der(sequence_tag, der(octets_tag, nonce) + std::string{tag_length_16}));
    auto const before_content =
        std::string{oid_data} + algorithm + der_head(encrypted_content_tag, plain_bytes);
    auto const content_head = der_head(sequence_tag, before_content.size() + plain_bytes);
    auto const inside = std::string{version_0} + recipients + content_head + before_content;
    auto const inside_bytes = inside.size() + plain_bytes + 2 + tag_bytes;
    auto const inside_head = der_head(sequence_tag, inside_bytes);
    auto const explicit_head = der_head(content_tag, inside_head.size() + inside_bytes);
    auto segment = der_head(
                       sequence_tag,
                       oid_auth_enveloped_data.size() + explicit_head.size() + inside_head.size() +
                           inside_bytes
                   ) +
                   std::string{oid_auth_enveloped_data} + explicit_head + inside_head;
    segment.reserve(segment.size() + inside_bytes);
    segment += inside;
    auto const content_at = segment.size();
    segment.resize(content_at + plain_bytes);
    auto const tag = ECLUSE_TRY(encrypt(fresh, nonce, line, frames, segment, content_at));
    segment += der(octets_tag, tag);
    return segment;
}

/// What follows `line`, which says where this content belongs.
Result<std::string>
open_content(ContentKey const& key, std::string const& line, std::string_view der)
{
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
    if (!content.starts_with(line))
        return Error{Errc::corrupt, "open segment: of another session or place"};
    return std::string{content.substr(line.size())};
}

} // namespace

Result<std::string> seal_segment(
    ContentKey const& key, std::string_view session, std::uint64_t index, std::string_view frames
)
{
    return seal_content(key, first_line(session, index), frames);
}

Result<std::string> open_segment(
    ContentKey const& key, std::string_view session, std::uint64_t index, std::string_view der
)
{
    if (der.size() > segment_der_max) return Error{Errc::too_large, "open segment: too large"};
    return open_content(key, first_line(session, index), der);
}

Result<std::string>
seal_text(ContentKey const& key, std::string_view session, std::string_view text)
{
    if (text.size() > text_bytes_max) return Error{Errc::too_large, "seal text: too large"};
    return seal_content(key, text_line(session), text);
}

Result<std::string> open_text(ContentKey const& key, std::string_view session, std::string_view der)
{
    if (der.size() > text_der_max) return Error{Errc::too_large, "open text: too large"};
    return open_content(key, text_line(session), der);
}

} // namespace ecluse::recording
