#pragma once

#include "common/result.h"
#include "common/secret.h"
#include "policies/vault/openssl_owner.h"

#include <string>
#include <string_view>

/// Inside ecluse::vault only: what every certificate of ours is made of and read with.
namespace ecluse::x509 {

/// No certificate, chain or key that we take is larger.
inline constexpr std::size_t pem_bytes_max = 64 * 1024;

[[nodiscard]] unsigned char const* bytes_of(std::string_view text);
[[nodiscard]] Bio reading(std::string_view text);
[[nodiscard]] std::string content_of(BIO* bio);
/// Never asks a person: OpenSSL's default callback would wait on a terminal.
int no_passphrase(char*, int, int, void*);
/// The first characters, not cut within one.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t chars_max);

[[nodiscard]] bool set_common_name(X509_NAME* name, std::string const& common);
[[nodiscard]] bool add_extension(X509* certificate, int nid, char const* value);
/// A number that nobody chose, and the days of validity from `from` on.
[[nodiscard]] bool set_number(X509* certificate);
[[nodiscard]] bool set_validity(X509* certificate, std::time_t from, int days);
/// PKCS#8, for the vault.
[[nodiscard]] Secret private_pem(EVP_PKEY* key);

} // namespace ecluse::x509
