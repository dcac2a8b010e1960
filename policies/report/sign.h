#pragma once

#include "common/result.h"

#include <string>
#include <string_view>

/// The seal on a report: CMS with the CAdES attributes, by the evidence key. OpenSSL only.
namespace ecluse::report {

/// A detached signature over `bytes`, in DER: SHA-256, ESS signing-certificate-v2, the certificate
/// inside.
[[nodiscard]] Result<std::string> sign_cades_detached(
    std::string_view bytes, std::string const& certificate_pem, std::string const& key_pem
);

/// Whether this PDF is, to the byte, what the holder of `certificate_pem` signed. The certificate
/// is the trust anchor itself; its dates are not judged, because reports outlive certificates.
[[nodiscard]] Result<> verify_report(std::string_view pdf, std::string const& certificate_pem);

} // namespace ecluse::report
