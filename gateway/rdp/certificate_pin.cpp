#include "gateway/rdp/certificate_pin.h"

#include "common/bytes.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace ecluse::rdp {
namespace {

struct Free {
    void operator()(BIO* bio) const { ::BIO_free(bio); }
    void operator()(X509* certificate) const { ::X509_free(certificate); }
};

} // namespace

std::optional<std::string> certificate_digest(std::string_view pem)
{
    std::unique_ptr<BIO, Free> const bio{
        ::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    if (!bio) return {};
    std::unique_ptr<X509, Free> const certificate{
        ::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
    if (!certificate) return {};
    unsigned char* der = nullptr;
    int const size = ::i2d_X509(certificate.get(), &der);
    if (size <= 0) return {};
    std::string const bytes(reinterpret_cast<char const*>(der), static_cast<std::size_t>(size));
    ::OPENSSL_free(der);
    return to_hex(sha256(bytes));
}

} // namespace ecluse::rdp
