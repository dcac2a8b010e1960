#pragma once

#include "policies/store/database.h"
#include "policies/store/scope.h"

#include <boost/json/fwd.hpp>

namespace ecluse::store {

struct Asset {
    std::string id, name, description, protocol, host, state, usage_hours, default_open_mode;
    std::int64_t port = 22, session_limit = 1, recording_days = 365;
    std::optional<std::string> referent, algorithms;
    std::optional<std::string> security; // of RDP: "tls" | "nla"
    bool sensitive = false;              // its sessions are in every audit
};
/// By id or name.
[[nodiscard]] Result<std::optional<Asset>>
find_asset(Database& database, std::string const& id_or_name);
Result<>
insert_asset(Database& database, Asset const& asset, std::string const& by, std::int64_t at);
/// State, hours, limit and exception.
Result<> update_asset(Database& database, Asset const& asset);
[[nodiscard]] Result<boost::json::object> list_assets(
    Database& database,
    std::optional<std::string> const& vendor,
    std::optional<Scope> const& scope = std::nullopt,
    std::optional<std::string> const& after = std::nullopt
);
/// Of limits that name vendors only: what is in their contracts.
[[nodiscard]] Result<bool>
asset_is_in(Database& database, std::optional<Scope> const& scope, std::string const& asset);
[[nodiscard]] Result<boost::json::object> show_asset(Database& database, std::string const& id);

/// How the certificate of an RDP target is pinned: before the SHA-256 of its DER, in hexadecimal.
inline constexpr std::string_view certificate_pin_prefix = "x509-sha256 ";
[[nodiscard]] Result<std::vector<std::string>>
host_keys(Database& database, std::string const& asset);
Result<std::int64_t> pin_host_key(
    Database& database,
    std::string const& asset,
    std::string const& key,
    std::string const& by,
    std::int64_t at
);
Result<std::int64_t>
unpin_host_key(Database& database, std::string const& asset, std::string const& key);

struct Account {
    std::string id, asset, name, method, secret_sealed;
    std::optional<std::string> key;    // public half
    std::optional<std::string> domain; // of RDP
};
[[nodiscard]] Result<std::optional<Account>>
find_account(Database& database, std::string const& asset, std::string const& name);
[[nodiscard]] Result<std::vector<std::string>>
account_names(Database& database, std::string const& asset);
Result<> put_account(Database& database, Account const& account, std::int64_t at);
Result<> remove_account(Database& database, std::string const& id);

} // namespace ecluse::store
