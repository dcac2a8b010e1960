#pragma once

#include "common/result.h"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

/// Owners of what signing and verifying both need.
namespace ecluse::report {

template <auto release> struct Release {
    template <class T> void operator()(T* object) const { release(object); }
};
using BioOwner = std::unique_ptr<BIO, Release<BIO_free>>;
using X509Owner = std::unique_ptr<X509, Release<X509_free>>;
using StoreOwner = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;
using KeyOwner = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using CmsOwner = std::unique_ptr<CMS_ContentInfo, Release<CMS_ContentInfo_free>>;

[[nodiscard]] Error openssl_error(std::string what);
[[nodiscard]] Result<X509Owner> read_certificate(std::string const& pem);
[[nodiscard]] Result<std::string> der_of(CMS_ContentInfo* cms);

} // namespace ecluse::report
