#include "policies/store/scope.h"

#include "common/json.h"
#include "policies/store/paging.h"
#include "policies/store/windows.h"

#include <algorithm>

namespace ecluse::store {
namespace {

constexpr std::size_t id_bytes_max = 64;
constexpr std::size_t objects_max = 1000;

bool has(std::vector<std::string> const& ids, std::string_view id)
{
    return ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
}

json::array to_array(std::vector<std::string> ids)
{
    std::sort(ids.begin(), ids.end());
    return json::array(ids.begin(), ids.end());
}

SqlValue in(std::vector<std::string> const& ids)
{
    return ids.empty() ? SqlValue{} : SqlValue{json::serialize(to_array(ids))};
}

std::string is_in(std::string_view column)
{
    return std::string{column} + " IN (SELECT value FROM json_each(?))";
}

} // namespace

bool Scope::covers(std::string_view vendor, std::string_view asset) const
{
    return has(vendors, vendor) && has(assets, asset);
}

SqlValue vendors_in(std::optional<Scope> const& scope)
{
    return scope ? in(scope->vendors) : SqlValue{};
}

SqlValue assets_in(std::optional<Scope> const& scope)
{
    return scope ? in(scope->assets) : SqlValue{};
}

json::object to_json(Scope const& scope)
{
    return {{"vendors", to_array(scope.vendors)}, {"assets", to_array(scope.assets)}};
}

Result<Scope> parse_scope(std::string_view text)
{
    auto const object = ECLUSE_TRY(parse_object(text));
    Fields fields{object};
    Scope scope{
        fields.optional_texts("vendors", objects_max, id_bytes_max),
        fields.optional_texts("assets", objects_max, id_bytes_max)};
    if (auto const done = fields.finish(); !done) return done.error();
    return scope;
}

Result<std::optional<Scope>> auditor_scope(Database& database, std::string const& person)
{
    Scope scope;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT kind, object FROM auditor_scope WHERE person = $1 ORDER BY object", {person}
         )))
        (row.text("kind") == "vendor" ? scope.vendors : scope.assets).push_back(row.text("object"));
    if (scope.vendors.empty() && scope.assets.empty()) return std::optional<Scope>{};
    return std::optional{std::move(scope)};
}

Result<>
set_auditor_scope(Database& database, std::string const& person, std::optional<Scope> const& scope)
{
    ECLUSE_TRY(database.run("DELETE FROM auditor_scope WHERE person = $1", {person}));
    if (!scope) return {};
    for (auto const& [kind, ids] :
         {std::pair{"vendor", &scope->vendors}, {"asset", &scope->assets}})
        for (auto const& id : *ids)
            ECLUSE_TRY(database.run(
                "INSERT INTO auditor_scope (person, kind, object) VALUES ($1, $2, $3)",
                {person, std::string{kind}, id}
            ));
    return {};
}

Result<json::value> named_scope(Database& database, std::string const& person)
{
    json::array vendors, assets;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT o.kind AS kind, COALESCE(v.name, a.name, o.object) AS name FROM auditor_scope "
             "o LEFT JOIN vendor v ON o.kind = 'vendor' AND v.id = o.object LEFT JOIN asset a ON "
             "o.kind = 'asset' AND a.id = o.object WHERE o.person = $1 ORDER BY name",
             {person}
         )))
        (row.text("kind") == "vendor" ? vendors : assets).emplace_back(row.text("name"));
    if (vendors.empty() && assets.empty()) return json::value(nullptr);
    return json::value(json::object{{"vendors", std::move(vendors)}, {"assets", std::move(assets)}}
    );
}

void limit(
    Paged& list,
    std::optional<Scope> const& scope,
    std::string_view vendor_column,
    std::string_view asset_column
)
{
    if (!scope) return;
    if (!scope->vendors.empty()) list.where(is_in(vendor_column), in(scope->vendors));
    if (!scope->assets.empty()) list.where(is_in(asset_column), in(scope->assets));
}

void limit_windows(Paged& list, std::optional<Scope> const& scope)
{
    if (!scope) return;
    if (!scope->vendors.empty()) list.where(is_in("w.vendor"), in(scope->vendors));
    if (!scope->assets.empty())
        list.where(
            "EXISTS (SELECT 1 FROM window_asset i WHERE i.window = w.id AND " + is_in("i.asset") +
                ")",
            in(scope->assets)
        );
}

void limit_to_whole_windows(Paged& list, std::optional<Scope> const& scope)
{
    limit_windows(list, scope);
    if (scope && !scope->assets.empty())
        list.where(
            "NOT EXISTS (SELECT 1 FROM window_asset o WHERE o.window = w.id AND NOT " +
                is_in("o.asset") + ")",
            in(scope->assets)
        );
}

Result<bool>
session_is_in(Database& database, std::optional<Scope> const& scope, std::string const& session)
{
    if (!scope) return true;
    auto const row = ECLUSE_TRY(database.row(
        "SELECT w.vendor AS vendor, s.asset AS asset FROM session s JOIN access_window w ON w.id = "
        "s.access_window WHERE s.id = $1",
        {session}
    ));
    return row && scope->covers(row->text("vendor"), row->text("asset"));
}

bool window_is_in(std::optional<Scope> const& scope, Window const& window)
{
    return !scope ||
           std::any_of(window.targets.begin(), window.targets.end(), [&](auto const& target) {
               return scope->covers(window.vendor, target.asset);
           });
}

bool whole_window_is_in(std::optional<Scope> const& scope, Window const& window)
{
    return window_is_in(scope, window) &&
           (!scope ||
            std::all_of(window.targets.begin(), window.targets.end(), [&](auto const& target) {
                return scope->covers(window.vendor, target.asset);
            }));
}

} // namespace ecluse::store
