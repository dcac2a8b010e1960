#pragma once

#include "policies/store/database.h"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <vector>

/// Tokens of automation (docs/decisions/0023): kept as their digest, with what they are bound to.
namespace ecluse::store {

struct ApiToken {
    std::string id, token_sha256, name, owner, role;
    std::vector<std::string> sources; // ranges, as written
    bool read_only = false;
    std::int64_t created_at = 0, expires_at = 0;
    std::optional<std::int64_t> used_at = std::nullopt, revoked_at = std::nullopt;
};
Result<> insert_api_token(Database& database, ApiToken const& token);
[[nodiscard]] Result<std::optional<ApiToken>>
find_api_token(Database& database, std::string const& id);
/// The one that was shown as a text of this digest.
[[nodiscard]] Result<std::optional<ApiToken>>
find_api_token_by_digest(Database& database, std::string const& token_sha256);
struct Revocation {
    std::string by, reason;
    std::int64_t at = 0;
};
/// False when it was revoked already.
[[nodiscard]] Result<bool>
revoke_api_token(Database& database, std::string const& id, Revocation const& revocation);
Result<> note_api_token_use(
    Database& database, std::string const& id, std::int64_t at, std::string const& from
);
/// The newest first, those that serve no more too, with `state`: active, expired, revoked, or
/// withdrawn (the owner or the role is gone).
[[nodiscard]] Result<boost::json::object>
list_api_tokens(Database& database, std::int64_t now, std::optional<std::string> const& after);

} // namespace ecluse::store
