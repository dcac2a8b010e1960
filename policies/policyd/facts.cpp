#include "policies/policyd/facts.h"

#include "common/paris_time.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/core/passwords.h"
#include "policies/core/report_rules.h"
#include "policies/core/window_choice.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/recorder_link.h"
#include "policies/policyd/report_policy.h"
#include "policies/policyd/witnesses.h"
#include "policies/store/credentials.h"
#include "policies/store/database.h"
#include "policies/store/facts.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

UtcTime instant(std::int64_t seconds)
{
    return UtcTime{std::chrono::seconds{seconds}};
}

std::optional<UtcTime> optional_instant(std::optional<std::int64_t> seconds)
{
    if (!seconds) return std::nullopt;
    return instant(*seconds);
}

/// The accounts of each window, which a decision needs one by one.
Result<> load_accounts(Context& context, Known& known)
{
    for (auto const& window : known.facts.windows)
        for (auto const& row : ECLUSE_TRY(context.database.rows(
                 "SELECT w.asset AS asset, w.account AS account FROM window_asset w "
                 "JOIN asset_account a ON a.asset = w.asset AND a.name = w.account "
                 "WHERE w.window = $1 ORDER BY w.account",
                 {window.id.text()}
             )))
            known.accounts[{window.id.text(), row.text("asset")}].push_back(row.text("account"));
    return {};
}

Result<> load_words(Context& context, Asking const& asking, Known& known)
{
    auto const vendor =
        ECLUSE_TRY(context.database.row("SELECT name FROM vendor WHERE id = $1", {asking.vendor}));
    if (vendor) known.company = vendor->text("name");
    for (auto const& asset : known.facts.assets) {
        auto const row = ECLUSE_TRY(context.database.row(
            "SELECT name, session_limit FROM asset WHERE id = $1", {asset.id.text()}
        ));
        if (!row) continue;
        known.asset_names[asset.id.text()] = row->text("name");
        known.session_limits[asset.id.text()] =
            static_cast<unsigned>(std::max(row->number("session_limit"), std::int64_t{0}));
    }
    return {};
}

/// An asset's accounts and limits as the chosen window has them.
void narrow(Known& known, ecluse::Request const& request, UtcTime now)
{
    auto const choice = choose_window(request, known.facts, now);
    for (auto& asset : known.facts.assets) {
        asset.accounts.clear();
        if (!choice.window) continue;
        auto const found = known.accounts.find({choice.window->id.text(), asset.id.text()});
        if (found != known.accounts.end()) asset.accounts = found->second;
        bool const asked = request.asset ? asset.id == *request.asset
                                         : choice.window->assets.size() == 1 &&
                                               asset.id == choice.window->assets.front();
        if (asked) known.facts.limits.per_window_asset = known.session_limits[asset.id.text()];
    }
}

} // namespace

Result<std::vector<ReportId>>
blocking_reports(Context& context, std::string const& vendor, UtcTime now)
{
    auto const policy = blocking_policy(context.config);
    std::vector<ReportId> blocking;
    for (auto const& row : ECLUSE_TRY(context.database.rows(
             "SELECT r.id AS id, r.state AS state, r.due_at AS due_at, "
             "(SELECT max(v.submitted_at) FROM report_version v WHERE v.report = r.id) AS "
             "submitted_at "
             "FROM report r JOIN access_window w ON w.id = r.access_window "
             "WHERE w.vendor = $1 AND r.state <> 'accepted' ORDER BY r.due_at",
             {vendor}
         ))) {
        ReportTimes report;
        report.state = parse_report_state(row.text("state")).value_or(ReportState::due);
        report.deadline = instant(row.number("due_at"));
        report.submitted_at = optional_instant(row.optional_number("submitted_at"));
        if (blocks(report, policy, now)) blocking.emplace_back(row.text("id"));
    }
    return blocking;
}

Result<std::optional<UtcTime>> password_renew_by(Context& context, std::string const& person)
{
    auto const chosen = ECLUSE_TRY(store::password_chosen_at(context.database, person));
    if (!chosen) return std::optional<UtcTime>{};
    return renew_by(instant(*chosen), context.config.passwords.renew_days);
}

std::string password_warning(std::optional<UtcTime> renew_by, UtcTime now, Language language)
{
    if (!renew_by || now < *renew_by - password_renew_warning) return {};
    return text(language, TextKey::password_renew, {{"date", format_moment(*renew_by, language)}});
}

FactorsVerified to_factors(std::string_view factors)
{
    FactorsVerified verified;
    auto const plus = factors.find('+');
    auto const first = factors.substr(0, plus);
    bool const second = plus != std::string_view::npos && plus + 1 < factors.size();
    if (first == "password") {
        verified.knowledge = true;
        verified.possession = second;
    } else if (first == "ssh_key") {
        verified.possession = true;
        verified.second_possession = second;
    }
    return verified;
}

Result<Known>
load_facts(Context& context, Asking const& asking, std::optional<AssetId> const& asked, UtcTime now)
{
    Known known{
        ECLUSE_TRY(ecluse::load_facts(context.database, PersonId{asking.person}, asked, now)),
        {},
        {},
        {},
        {}};
    known.facts.factors = asking.factors;
    known.facts.password_renew_by = ECLUSE_TRY(password_renew_by(context, asking.person));
    known.facts.clock_trusted = context.clock.trusted();
    known.facts.state_current = !context.witnesses.rolled_back();
    known.facts.recorder_available = context.recorder.ready();
    known.facts.blocking_reports = ECLUSE_TRY(blocking_reports(context, asking.vendor, now));
    ECLUSE_TRY(load_accounts(context, known));
    ECLUSE_TRY(load_words(context, asking, known));
    return known;
}

Decision judge(Known& known, ecluse::Request const& request, UtcTime now)
{
    narrow(known, request, now);
    return decide(request, known.facts, now);
}

std::vector<MenuEntry> menu_of(Known& known, ecluse::Request const& request, UtcTime now)
{
    // Every window's accounts at first: an entry without any would not be listed.
    for (auto& asset : known.facts.assets)
        for (auto const& [where, accounts] : known.accounts)
            if (where.second == asset.id.text()) asset.accounts = accounts;
    auto entries = menu_entries(request, known.facts, now);
    for (auto& entry : entries)
        entry.accounts = known.accounts[{entry.window.text(), entry.asset.text()}];
    return entries;
}

} // namespace ecluse::policyd
