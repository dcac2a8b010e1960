#include "policies/policyd/auditor_limits.h"

#include "common/text_keys.h"
#include "policies/policyd/operator_act.h"
#include "policies/store/assets.h"
#include "policies/store/vendors.h"

namespace ecluse::policyd {

Result<std::variant<std::optional<store::Scope>, Fault>>
read_limits(Context& context, std::string_view role, std::vector<std::string> const& limits)
{
    using Read = std::variant<std::optional<store::Scope>, Fault>;
    if (limits.empty()) return Read{std::nullopt};
    if (role != "auditor") return Read{bad_value("scope", role)};
    store::Scope scope;
    for (auto const& limit : limits) {
        auto const colon = limit.find(':');
        auto const kind = limit.substr(0, colon);
        auto const name = colon == std::string::npos ? std::string{} : limit.substr(colon + 1);
        if (kind == "vendor") {
            auto const found = ECLUSE_TRY(store::find_vendor(context.database, name));
            if (!found) return Read{unknown(TextKey::operator_unknown_vendor, name)};
            scope.vendors.push_back(found->id);
        } else if (kind == "asset") {
            auto const found = ECLUSE_TRY(store::find_asset(context.database, name));
            if (!found) return Read{unknown(TextKey::operator_unknown_asset, name)};
            scope.assets.push_back(found->id);
        } else {
            return Read{bad_value("scope", "vendor:…, asset:…")};
        }
    }
    return Read{std::optional{std::move(scope)}};
}

} // namespace ecluse::policyd
