#pragma once

#include "common/result.h"
#include "common/secret.h"
#include "common/time.h"
#include "policies/core/passkey.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse {
class Database;
class Vault;
} // namespace ecluse

namespace ecluse::policyd {

/// What the database keeps about a person's factors. Recovery codes are kept as
/// vault.seal(box::authenticator(id), sha256(normal form)) in `secret_sealed`.
namespace factors {

struct Store {
    Database& database;
    Vault const& vault;
};

/// The hash of the password in use; nothing when there is none.
[[nodiscard]] Result<std::optional<std::string>>
password_hash(Store store, std::string const& person);
[[nodiscard]] Result<bool> has_key(Store store, std::string const& person, std::string_view key);

/// A code that would be accepted now, and what accepting it writes.
struct Code {
    std::string authenticator;
    std::string kind;                 // "totp" | "recovery" | "passkey"
    std::optional<std::int64_t> step; // totp; the counter of a passkey that counts
};
struct Found {
    std::optional<Code> code;
    bool replayed = false; // right, but used before
};
/// A passkey's use whose challenge was ours and is used up, asked at `origin`.
[[nodiscard]] Result<Found> find_passkey(
    Store store,
    std::string const& person,
    PasskeyAssertion const& assertion,
    std::string_view origin
);
[[nodiscard]] Result<Found>
find_code(Store store, std::string const& person, std::string_view code, UtcTime now);
/// Uses it up, inside the caller's transaction.
Result<> consume(Store store, Code const& code, UtcTime now);

} // namespace factors
} // namespace ecluse::policyd
