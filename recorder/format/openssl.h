#pragma once

#include "common/result.h"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

/// Owners for OpenSSL's handles; for .cpp files of this folder only.
namespace ecluse::recording {

template <auto free> struct FreeWith {
    template <class T> void operator()(T* handle) const { free(handle); }
};
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Cms = std::unique_ptr<CMS_ContentInfo, FreeWith<CMS_ContentInfo_free>>;
using X509Handle = std::unique_ptr<X509, FreeWith<X509_free>>;

/// The newest reason OpenSSL gives, and an empty queue afterwards.
[[nodiscard]] inline Error openssl_error(std::string_view what, Errc code = Errc::io)
{
    char reason[160] = "no reason given";
    if (auto const number = ERR_peek_last_error())
        ERR_error_string_n(number, reason, sizeof reason);
    ERR_clear_error();
    return {code, std::string{what} + ": " + reason};
}

[[nodiscard]] inline unsigned char const* bytes_of(std::string_view text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

/// `i2d_*` into a string; empty on failure.
template <class T, class Encode> std::string to_der(T* object, Encode encode)
{
    unsigned char* buffer = nullptr;
    int const length = encode(object, &buffer);
    if (length <= 0) return {};
    std::string der{reinterpret_cast<char const*>(buffer), static_cast<std::size_t>(length)};
    OPENSSL_free(buffer);
    return der;
}

/// What a memory BIO holds, without copying.
[[nodiscard]] inline std::string_view view_of(BIO* memory)
{
    char* data = nullptr;
    long const length = BIO_get_mem_data(memory, &data);
    if (length <= 0) return {};
    return {data, static_cast<std::size_t>(length)};
}

} // namespace ecluse::recording
