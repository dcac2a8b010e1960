#pragma once

#include "common/address.h"
#include "policies/core/decide.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ecluse::policyd {

struct Context;

/// Who asks, from where, with what proved.
struct Asking {
    std::string person, vendor; // ids; no vendor: hospital staff, whom no window admits
    SourceAddress from;
    FactorsVerified factors;
};

/// What decide() needs, read from the database now, with the words that its answers need.
struct Known {
    Facts facts;
    std::string company;
    std::map<std::string, std::string> asset_names; // id → name
    std::map<std::pair<std::string, std::string>, std::vector<std::string>>
        accounts;                                   // window, asset
    std::map<std::string, unsigned> session_limits; // by asset id
};

/// CHM:8.19: what a vendor's people owe stops their next window and session.
[[nodiscard]] Result<std::vector<ReportId>>
blocking_reports(Context& context, std::string const& vendor, UtcTime now);
/// From when on this person's password is too old; nothing when there is no such time.
[[nodiscard]] Result<std::optional<UtcTime>>
password_renew_by(Context& context, std::string const& person);
/// "Votre mot de passe …": what its owner is told from three weeks before, empty until then.
[[nodiscard]] std::string
password_warning(std::optional<UtcTime> renew_by, UtcTime now, Language language);
[[nodiscard]] FactorsVerified to_factors(std::string_view factors);
/// `asked`: an asset named by the request, which may be outside every window.
[[nodiscard]] Result<Known> load_facts(
    Context& context, Asking const& asking, std::optional<AssetId> const& asked, UtcTime now
);

/// decide(), with the accounts of the window that speaks for this request.
[[nodiscard]] Decision judge(Known& known, ecluse::Request const& request, UtcTime now);
[[nodiscard]] std::vector<MenuEntry>
menu_of(Known& known, ecluse::Request const& request, UtcTime now);

} // namespace ecluse::policyd
