#include "policies/vault/vault.h"

#include <sodium.h>

namespace ecluse {

namespace {

constexpr unsigned long long passes = 3;
constexpr std::size_t memory_bytes = 64 * 1024 * 1024;
/// Hashing time does not depend on it, memory does: nobody types more.
constexpr std::size_t password_bytes_max = 1024;

bool sodium_is_ready()
{
    static bool const ready = sodium_init() >= 0;
    return ready;
}

} // namespace

std::string hash_password(std::string_view password)
{
    ECLUSE_ASSERT(sodium_is_ready());
    ECLUSE_ASSERT(password.size() <= password_bytes_max);
    char hash[crypto_pwhash_STRBYTES];
    auto const code = crypto_pwhash_str_alg(
        hash, password.data(), password.size(), passes, memory_bytes, crypto_pwhash_ALG_ARGON2ID13
    );
    ECLUSE_ASSERT(code == 0); // out of memory
    return hash;
}

bool verify_password(std::string_view password, std::string const& hash)
{
    ECLUSE_ASSERT(sodium_is_ready());
    if (password.size() > password_bytes_max) return false;
    // Only what hash_password writes: other costs could come from a changed row, and be chosen to
    // be cheap, or to take all memory.
    if (!hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$")) return false;
    if (hash.size() >= crypto_pwhash_STRBYTES) return false;
    if (hash.find('\0') != std::string::npos) return false;
    return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

} // namespace ecluse
