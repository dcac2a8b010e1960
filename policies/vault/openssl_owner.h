#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

/// Inside ecluse::vault only: owners of OpenSSL's handles.
namespace ecluse {

template <auto function> struct CallFree {
    template <class T> void operator()(T* handle) const { function(handle); }
};
using PKey = std::unique_ptr<EVP_PKEY, CallFree<EVP_PKEY_free>>;
using PKeyContext = std::unique_ptr<EVP_PKEY_CTX, CallFree<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, CallFree<EVP_MD_CTX_free>>;
using Bio = std::unique_ptr<BIO, CallFree<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, CallFree<X509_free>>;
/// Wiped when it dies: most of our numbers are private.
using BigNumber = std::unique_ptr<BIGNUM, CallFree<BN_clear_free>>;

} // namespace ecluse
