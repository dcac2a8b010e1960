#include "common/bytes.h"
#include "policies/report/openssl_owners.h"
#include "policies/report/sign.h"

#include <openssl/x509v3.h>

#include <charconv>
#include <optional>

namespace ecluse::report {
namespace {

struct Gap {
    std::size_t start, end; // the angle brackets are inside
};

/// "/ByteRange [ 0 start end rest ]", once in the file, covering all of it but the gap.
Result<Gap> find_gap(std::string_view pdf)
{
    constexpr std::string_view key = "/ByteRange";
    Error const not_covered{Errc::corrupt, "verify report: the signature does not cover the file"};
    auto const at = pdf.find(key);
    if (at == std::string_view::npos) return Error{Errc::corrupt, "verify report: no signature"};
    if (pdf.find(key, at + 1) != std::string_view::npos)
        return Error{Errc::corrupt, "verify report: more than one signature"};
    std::size_t numbers[4]{};
    auto rest = pdf.substr(at + key.size(), 200);
    auto const skip = [&rest](char c) {
        while (rest.starts_with(' '))
            rest.remove_prefix(1);
        bool const there = rest.starts_with(c);
        if (there) rest.remove_prefix(1);
        return there;
    };
    if (!skip('[')) return not_covered;
    for (auto& number : numbers) {
        while (rest.starts_with(' '))
            rest.remove_prefix(1);
        auto const [end, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (ec != std::errc{}) return not_covered;
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    }
    if (!skip(']')) return not_covered;
    auto const [zero, start, end, tail] = numbers;
    if (zero != 0 || start >= end || end > pdf.size() || tail != pdf.size() - end)
        return not_covered;
    if (end - start < 4 || pdf[start] != '<' || pdf[end - 1] != '>') return not_covered;
    return Gap{start, end};
}

/// The DER bytes at the start of the gap; only zeros may follow, in the one spelling we write.
Result<std::string> cms_bytes(std::string_view pdf, Gap gap)
{
    auto bytes = from_hex(pdf.substr(gap.start + 1, gap.end - gap.start - 2));
    if (!bytes) return Error{Errc::corrupt, "verify report: the signature is not hexadecimal"};
    auto const* cursor = reinterpret_cast<unsigned char const*>(bytes->data());
    long size = 0;
    int tag = 0;
    int form = 0;
    auto const* const start = cursor;
    if ((ASN1_get_object(&cursor, &size, &tag, &form, static_cast<long>(bytes->size())) & 0x80) !=
        0)
        return openssl_error("verify report: the signature is not DER");
    auto const total = static_cast<std::size_t>(cursor - start) + static_cast<std::size_t>(size);
    if (total > bytes->size() || bytes->find_first_not_of('\0', total) != std::string::npos)
        return Error{Errc::corrupt, "verify report: something follows the signature"};
    bytes->resize(total);
    return *std::move(bytes);
}

std::string tlv(unsigned char tag, std::string_view content)
{
    std::string out{static_cast<char>(tag)};
    if (content.size() < 0x80) {
        out += static_cast<char>(content.size());
    } else {
        std::string length;
        for (auto rest = content.size(); rest > 0; rest >>= 8U)
            length.insert(length.begin(), static_cast<char>(rest & 0xFFU));
        out += static_cast<char>(0x80U | length.size());
        out += length;
    }
    out += content;
    return out;
}

template <auto encode, class T> std::string der_of_part(T* part)
{
    unsigned char* bytes = nullptr;
    int const size = encode(part, &bytes);
    if (size <= 0) return {};
    std::string der{reinterpret_cast<char const*>(bytes), static_cast<std::size_t>(size)};
    OPENSSL_free(bytes);
    return der;
}

/// The one encoding in which we accept these signed attributes and this signature. A verifier reads
/// past much of a CMS (versions, algorithm lists, how the signer's name is spelled); whoever could
/// change that unseen could make two files of one report.
std::string expected_cms(CMS_SignerInfo* signer, X509* certificate)
{
    using namespace std::string_view_literals;
    auto const signed_data = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"sv;
    auto const data = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"sv;
    auto const with_sha256 = tlv(0x30, "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"sv);
    auto const ecdsa_sha256 = tlv(0x30, "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"sv);
    auto const version = "\x02\x01\x01"sv;

    std::string attributes;
    for (int i = 0; i < CMS_signed_get_attr_count(signer); ++i)
        attributes += der_of_part<i2d_X509_ATTRIBUTE>(CMS_signed_get_attr(signer, i));
    auto const* const signature = CMS_SignerInfo_get0_signature(signer);
    auto const name =
        tlv(0x30,
            der_of_part<i2d_X509_NAME>(X509_get_issuer_name(certificate)) +
                der_of_part<i2d_ASN1_INTEGER>(X509_get_serialNumber(certificate)));
    auto const info =
        tlv(0x30,
            std::string{version} + name + with_sha256 + tlv(0xA0, attributes) + ecdsa_sha256 +
                tlv(0x04,
                    {reinterpret_cast<char const*>(ASN1_STRING_get0_data(signature)),
                     static_cast<std::size_t>(ASN1_STRING_length(signature))}));
    auto const body =
        tlv(0x30,
            std::string{version} + tlv(0x31, with_sha256) + tlv(0x30, data) +
                tlv(0xA0, der_of_part<i2d_X509>(certificate)) + tlv(0x31, info));
    return tlv(0x30, std::string{signed_data} + tlv(0xA0, body));
}

Result<> check_cms(std::string_view der, std::string_view content, X509* certificate)
{
    auto const* cursor = reinterpret_cast<unsigned char const*>(der.data());
    CmsOwner const cms{d2i_CMS_ContentInfo(nullptr, &cursor, static_cast<long>(der.size()))};
    if (!cms || CMS_get0_SignerInfos(cms.get()) == nullptr)
        return openssl_error("verify report: read signature");
    auto* const signers = CMS_get0_SignerInfos(cms.get());
    if (sk_CMS_SignerInfo_num(signers) != 1)
        return Error{Errc::corrupt, "verify report: not exactly one signer"};
    if (expected_cms(sk_CMS_SignerInfo_value(signers, 0), certificate) != der)
        return Error{Errc::corrupt, "verify report: not a signature by this certificate"};

    StoreOwner const store{X509_STORE_new()};
    X509_STORE_add_cert(store.get(), certificate);
    X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
    X509_STORE_set_purpose(store.get(), X509_PURPOSE_ANY);
    BioOwner const data{BIO_new_mem_buf(content.data(), static_cast<int>(content.size()))};
    if (CMS_verify(cms.get(), nullptr, store.get(), data.get(), nullptr, CMS_BINARY | CMS_CADES) !=
        1)
        return openssl_error("verify report");
    return {};
}

} // namespace

Result<> verify_report(std::string_view pdf, std::string const& certificate_pem)
{
    auto const certificate = ECLUSE_TRY(read_certificate(certificate_pem));
    auto const gap = ECLUSE_TRY(find_gap(pdf));
    auto const der = ECLUSE_TRY(cms_bytes(pdf, gap));
    auto content = std::string{pdf.substr(0, gap.start)};
    content += pdf.substr(gap.end);
    return check_cms(der, content, certificate.get());
}

} // namespace ecluse::report
