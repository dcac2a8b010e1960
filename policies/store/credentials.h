#pragma once

#include "policies/store/database.h"

#include <boost/json/fwd.hpp>

namespace ecluse::store {

struct NewCredential {
    std::string id, person, kind; // password | ssh_key | totp | recovery | passkey
    std::optional<std::string> hash = {}, key = {}, secret_sealed = {}, label = {};
    std::int64_t created_at = 0;
    std::optional<std::int64_t> confirmed_at = {}, last_step = {};
    std::optional<std::string> passkey = {}, rp_id = {};
};
Result<> insert_credential(Database& database, NewCredential const& credential);
/// Of this kind, all that are in use or waiting to be confirmed; how many.
Result<std::int64_t> revoke_credentials(
    Database& database, std::string const& person, std::string const& kind, std::int64_t at
);
Result<std::int64_t> revoke_credential(Database& database, std::string const& id, std::int64_t at);

struct PendingTotp {
    std::string id, secret_sealed;
};
/// The newest that waits for its first code.
[[nodiscard]] Result<std::optional<PendingTotp>>
pending_totp(Database& database, std::string const& person);
/// In use from now, instead of the one before; the step that proved it does not serve again.
Result<> confirm_totp(
    Database& database,
    std::string const& person,
    std::string const& id,
    std::int64_t step,
    std::int64_t at
);
/// A password that was chosen before its second factor was proved: in use from now, instead of the
/// one before. How many waited.
Result<std::int64_t>
confirm_password(Database& database, std::string const& person, std::int64_t at);
/// Waiting ones that were never confirmed.
Result<> drop_pending_totp(Database& database, std::string const& person);
Result<> drop_pending_password(Database& database, std::string const& person);

/// Digests of the last passwords, newest first, the present one included.
[[nodiscard]] Result<std::vector<std::string>>
password_history(Database& database, std::string const& person, std::int64_t count);

/// When the password in use was chosen; nothing when there is none.
[[nodiscard]] Result<std::optional<std::int64_t>>
password_chosen_at(Database& database, std::string const& person);

/// An ssh key or a passkey, in use.
struct OwnKey {
    std::string id, person, kind;
};
[[nodiscard]] Result<std::optional<OwnKey>> find_key(Database& database, std::string const& id);
/// How the authenticators name this person's passkeys, in base64.
[[nodiscard]] Result<boost::json::array>
passkey_names(Database& database, std::string const& person);
/// Whoever has the passkey of this name now.
[[nodiscard]] Result<std::optional<std::string>>
passkey_owner(Database& database, std::string const& name);
/// Whoever has this key now: a key is one person's.
[[nodiscard]] Result<std::optional<std::string>>
ssh_key_owner(Database& database, std::string const& key);
/// Without digests and secrets; keys whole, so that the caller adds fingerprints.
[[nodiscard]] Result<boost::json::object>
list_credentials(Database& database, std::string const& person);

} // namespace ecluse::store
