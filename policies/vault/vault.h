#pragma once

#include "common/result.h"
#include "common/secret.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ecluse {

/// Seals small secrets under the master key, which lives outside the database (a 0400 file, or a
/// systemd credential). CLAUSIER:O-12.2.10.1, O-8.2.
class Vault {
public:
    /// Reads 32 bytes (64 hexadecimal characters) from `path`; refuses another owner than us or
    /// root, group or world access, a link, a wrong length.
    [[nodiscard]] static Result<Vault> open(std::string const& path);
    [[nodiscard]] static Vault with_key(Secret key);

    /// A box: version, nonce, AES-256-GCM ciphertext and tag. `context` says what and whose it is
    /// ("authenticator/A-…"): a box moved to another row does not open.
    [[nodiscard]] std::string seal(std::string_view context, std::string_view secret) const;
    [[nodiscard]] Result<Secret> open_box(std::string_view context, std::string_view box) const;

private:
    struct KeyFree {
        void operator()(unsigned char* key) const;
    };
    using KeyMemory = std::unique_ptr<unsigned char, KeyFree>;

    explicit Vault(KeyMemory key) : key_{std::move(key)} {}
    KeyMemory key_; // locked pages of their own
};

/// Argon2id, 64 MiB, 3 passes, through libsodium; takes about 0.1 s: run it in the pool. At most
/// 1024 bytes of password: the caller's policy refuses longer ones before.
[[nodiscard]] std::string hash_password(std::string_view password);
[[nodiscard]] bool verify_password(std::string_view password, std::string const& hash);

} // namespace ecluse
