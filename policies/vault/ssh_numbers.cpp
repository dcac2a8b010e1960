#include "policies/vault/ssh_numbers.h"

#include <openssl/core_names.h>

namespace ecluse {

std::string to_mpint(BIGNUM const* number)
{
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)) + 1, '\0');
    BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()) + 1);
    bool const needs_zero = bytes.size() > 1 && (static_cast<unsigned char>(bytes[1]) & 0x80U) != 0;
    if (!needs_zero) bytes.erase(0, 1);
    return bytes;
}

Result<BigNumber> parse_mpint(std::string_view bytes)
{
    auto const high = [&](std::size_t i) {
        return (static_cast<unsigned char>(bytes[i]) & 0x80U) != 0;
    };
    if (!bytes.empty() && high(0)) return Error{Errc::malformed, "negative number"};
    if (!bytes.empty() && bytes[0] == '\0' && (bytes.size() == 1 || !high(1)))
        return Error{Errc::malformed, "number with needless zeros"};
    BigNumber number{BN_bin2bn(
        reinterpret_cast<unsigned char const*>(bytes.data()),
        static_cast<int>(bytes.size()),
        nullptr
    )};
    ECLUSE_ASSERT(number != nullptr);
    return number;
}

BigNumber number_of(EVP_PKEY* key, char const* name)
{
    BIGNUM* number = nullptr;
    ECLUSE_ASSERT(EVP_PKEY_get_bn_param(key, name, &number) == 1);
    return BigNumber{number};
}

std::string point_of(EVP_PKEY* key)
{
    // A key file may ask for compressed points; SSH knows only the other form.
    ECLUSE_ASSERT(
        EVP_PKEY_set_utf8_string_param(
            key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed"
        ) == 1
    );
    unsigned char* point = nullptr;
    auto const size = EVP_PKEY_get1_encoded_public_key(key, &point);
    ECLUSE_ASSERT(size > 0);
    std::string text{reinterpret_cast<char*>(point), size};
    OPENSSL_free(point);
    return text;
}

std::string raw_public(EVP_PKEY* key)
{
    std::string bytes(32, '\0');
    auto size = bytes.size();
    ECLUSE_ASSERT(
        EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(bytes.data()), &size) == 1
    );
    return bytes;
}

} // namespace ecluse
