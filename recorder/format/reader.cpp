#include "recorder/format/reader.h"

#include "common/bytes.h"
#include "recorder/format/openssl.h"
#include "recorder/format/segment.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <algorithm>
#include <cstring>

namespace ecluse::recording {
namespace {

constexpr std::size_t chain_bytes_max = 512 * 1024 * 1024;
constexpr std::size_t wrapped_key_max = 64 * 1024;
constexpr std::size_t key_file_max = 256 * 1024;

using Pkcs12 = std::unique_ptr<PKCS12, FreeWith<PKCS12_free>>;

int give_passphrase(char* buffer, int size, int /*writing*/, void* from)
{
    auto const text = static_cast<Secret const*>(from)->reveal();
    auto const length = std::min(text.size(), static_cast<std::size_t>(size));
    std::memcpy(buffer, text.data(), length);
    return static_cast<int>(length);
}

KeyHandle open_pem(std::string_view bytes, Secret const& passphrase)
{
    Bio const bio{BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))};
    if (!bio) return {};
    auto* const secret = const_cast<Secret*>(&passphrase); // NOLINT: OpenSSL's void*, only read
    return KeyHandle{PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, secret)};
}

KeyHandle open_pkcs12(std::string_view bytes, Secret const& passphrase)
{
    auto const* at = bytes_of(bytes);
    Pkcs12 const bag{d2i_PKCS12(nullptr, &at, static_cast<long>(bytes.size()))};
    if (!bag) return {};
    std::string text{passphrase.reveal()};
    EVP_PKEY* key = nullptr;
    X509* certificate = nullptr;
    PKCS12_parse(bag.get(), text.c_str(), &key, &certificate, nullptr);
    wipe(text);
    X509_free(certificate);
    return KeyHandle{key};
}

Result<ContentKey>
unwrap(std::string_view der, ReadingKey const& key, std::string const& commitment)
{
    auto const* at = bytes_of(der);
    Cms const cms{d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size()))};
    if (!cms || OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_id_smime_ct_authEnvelopedData)
        return openssl_error("unwrap", Errc::malformed);
    Bio const plain{BIO_new(BIO_s_secmem())};
    if (!plain || CMS_decrypt_set1_pkey(cms.get(), key.handle(), nullptr) != 1 ||
        CMS_decrypt(cms.get(), nullptr, nullptr, nullptr, plain.get(), CMS_BINARY) != 1)
        return openssl_error("unwrap", Errc::refused);
    auto content = ECLUSE_TRY(ContentKey::from_bytes(Secret::copy_of(view_of(plain.get()))));
    if (to_hex(content.commitment()) != commitment)
        return Error{Errc::corrupt, "unwrap: not the key that the header commits to"};
    return content;
}

} // namespace

Result<ReadingKey> ReadingKey::open(std::string_view bytes, Secret const& passphrase)
{
    if (bytes.size() > key_file_max) return Error{Errc::too_large, "open key: too large"};
    auto key = bytes.find("-----BEGIN") != std::string_view::npos ? open_pem(bytes, passphrase)
                                                                  : open_pkcs12(bytes, passphrase);
    if (!key) return openssl_error("open key", Errc::refused);
    return ReadingKey{std::move(key)};
}

Result<Recording> Recording::open(RecordingFiles files)
{
    auto const bytes = ECLUSE_TRY(files.read("header.json", header_bytes_max));
    auto header = ECLUSE_TRY(parse_header(bytes));
    return Recording{std::move(files), std::move(header), to_hex(sha256(bytes))};
}

Result<ContentKey> Recording::unlock(ReadingKey const& key) const
{
    for (auto const& recipient : header_.recipients) {
        auto const der = files_.read(recipient.file, wrapped_key_max);
        if (!der) continue;
        auto content = unwrap(*der, key, header_.key_commitment);
        if (content) return content;
    }
    return Error{Errc::refused, "unlock: this key opens none of the wrapped keys"};
}

Result<> Recording::for_each_frame(ContentKey const& key, Visit const& visit) const
{
    return for_each_segment(
        key,
        0,
        [&visit](SegmentEntry const&, std::vector<FrameView> const& frames) -> Result<bool> {
            for (auto const& frame : frames)
                if (!ECLUSE_TRY(visit(frame))) return false;
            return true;
        }
    );
}

Result<> Recording::for_each_segment(
    ContentKey const& key, std::uint64_t first, VisitSegment const& visit
) const
{
    auto const chain = ECLUSE_TRY(files_.read("chain.txt", chain_bytes_max));
    ChainReader reader{chain, header_sha256_};
    FrameDecoder decoder;
    for (;;) {
        auto const line = ECLUSE_TRY(reader.next());
        if (!line) return {};
        if (!line->segment || line->segment->index < first) continue;
        auto const& entry = *line->segment;
        auto const der = ECLUSE_TRY(
            files_.read_at("record.bin", entry.offset, static_cast<std::size_t>(entry.length))
        );
        auto const plain = ECLUSE_TRY(open_segment(key, header_.session, entry.index, der));
        auto const frames = ECLUSE_TRY(decoder.feed(plain));
        if (decoder.partial_bytes() > 0)
            return Error{Errc::corrupt, "recording: a frame is cut by a segment's end"};
        if (!ECLUSE_TRY(visit(entry, frames))) return {};
    }
}

} // namespace ecluse::recording
