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

Result<> check_cms(std::string_view der, std::string_view content, X509* certificate)
{
    auto const* cursor = reinterpret_cast<unsigned char const*>(der.data());
    CmsOwner const cms{d2i_CMS_ContentInfo(nullptr, &cursor, static_cast<long>(der.size()))};
    if (!cms) return openssl_error("verify report: read signature");
    if (ECLUSE_TRY(der_of(cms.get())) != der)
        return Error{Errc::corrupt, "verify report: the signature is not written canonically"};

    auto* const signers = CMS_get0_SignerInfos(cms.get());
    if (sk_CMS_SignerInfo_num(signers) != 1)
        return Error{Errc::corrupt, "verify report: not exactly one signer"};
    // What is not signed could be changed unseen: only our certificate, and nothing else, is there.
    if (CMS_unsigned_get_attr_count(sk_CMS_SignerInfo_value(signers, 0)) > 0)
        return Error{Errc::corrupt, "verify report: unsigned attributes"};
    auto* const inside = CMS_get1_certs(cms.get());
    bool const ours =
        sk_X509_num(inside) == 1 && X509_cmp(sk_X509_value(inside, 0), certificate) == 0;
    sk_X509_pop_free(inside, X509_free);
    if (!ours) return Error{Errc::corrupt, "verify report: signed by another certificate"};

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
