#include "common/secret.h"

#include <openssl/crypto.h>

namespace ecluse {

void wipe(std::string& text)
{
    // Growing to the capacity reaches bytes that an earlier, longer value left behind.
    text.resize(text.capacity());
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

Secret::Secret(std::string& from) : bytes_{from}
{
    ecluse::wipe(from);
}

Secret Secret::copy_of(std::string_view bytes)
{
    Secret secret;
    secret.bytes_ = bytes;
    return secret;
}

Secret& Secret::operator=(Secret&& other) noexcept
{
    if (this != &other) {
        wipe();
        bytes_ = std::move(other.bytes_);
        other.wipe();
    }
    return *this;
}

void Secret::wipe()
{
    ecluse::wipe(bytes_);
}

bool equal_in_constant_time(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace ecluse
