#pragma once

#include "policies/store/database.h"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What an auditor's grant is limited to: one organisation's vendors, or assets, or both
/// (HDS:EXI-18).
namespace ecluse::store {

class Paged;
struct Window;

/// Ids. A kind that names nothing leaves everything of it in; what both name is what is seen.
struct Scope {
    std::vector<std::string> vendors, assets;

    [[nodiscard]] bool covers(std::string_view vendor, std::string_view asset) const;
};
/// The kinds as parameters of a statement: a JSON list for json_each(), or NULL when it limits
/// nothing.
[[nodiscard]] SqlValue vendors_in(std::optional<Scope> const& scope);
[[nodiscard]] SqlValue assets_in(std::optional<Scope> const& scope);

/// {"vendors":[…],"assets":[…]}, the same text for the same scope.
[[nodiscard]] boost::json::object to_json(Scope const& scope);
[[nodiscard]] Result<Scope> parse_scope(std::string_view json);

/// Nothing: this auditor sees everything.
[[nodiscard]] Result<std::optional<Scope>>
auditor_scope(Database& database, std::string const& person);
/// In place of what it was; nothing takes the limits away.
Result<>
set_auditor_scope(Database& database, std::string const& person, std::optional<Scope> const& scope);
/// As people read it: {"vendors":[names],"assets":[names]}; null without limits.
[[nodiscard]] Result<boost::json::value> named_scope(Database& database, std::string const& person);

/// Rows of a list that joins a vendor and an asset, by these columns.
void limit(
    Paged& list,
    std::optional<Scope> const& scope,
    std::string_view vendor_column,
    std::string_view asset_column
);
/// Windows `w` with a target inside.
void limit_windows(Paged& list, std::optional<Scope> const& scope);
/// Windows `w` whose every target is inside: for what tells of all of them at once.
void limit_to_whole_windows(Paged& list, std::optional<Scope> const& scope);

/// Always without a scope; never for what does not exist.
[[nodiscard]] Result<bool>
session_is_in(Database& database, std::optional<Scope> const& scope, std::string const& session);
[[nodiscard]] bool window_is_in(std::optional<Scope> const& scope, Window const& window);
/// With every target of it.
[[nodiscard]] bool whole_window_is_in(std::optional<Scope> const& scope, Window const& window);

} // namespace ecluse::store
