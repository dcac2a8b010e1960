#pragma once

#include "common/result.h"
#include "policies/vault/openssl_owner.h"

#include <string>
#include <string_view>

/// Inside ecluse::vault only: numbers and points between OpenSSL's keys and SSH's encoding.
namespace ecluse {

/// SSH's mpint: the shortest big-endian form, with a zero byte before a high bit.
[[nodiscard]] std::string to_mpint(BIGNUM const* number);
/// Refuses negative numbers and needless zero bytes.
[[nodiscard]] Result<BigNumber> parse_mpint(std::string_view bytes);
/// A number of `key` by OpenSSL's name for it.
[[nodiscard]] BigNumber number_of(EVP_PKEY* key, char const* name);
/// An EC public key as an uncompressed point.
[[nodiscard]] std::string point_of(EVP_PKEY* key);
[[nodiscard]] std::string raw_public(EVP_PKEY* key);

} // namespace ecluse
