#include "policies/policyd/facts.h"

#include "policies/config/config.h"
#include "policies/core/report_rules.h"
#include "policies/core/window_choice.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/live.h"
#include "policies/policyd/recorder_link.h"
#include "policies/policyd/report_policy.h"
#include "policies/store/database.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

/// Windows that may still explain a refusal; older ones do not matter to anybody at the door.
constexpr std::int64_t past_s = 90 * 86400;
constexpr std::int64_t windows_max = 200;

UtcTime instant(std::int64_t seconds)
{
    return UtcTime{std::chrono::seconds{seconds}};
}

std::optional<UtcTime> optional_instant(std::optional<std::int64_t> seconds)
{
    if (!seconds) return std::nullopt;
    return instant(*seconds);
}

Result<> load_person(Context& context, Asking const& asking, Known& known)
{
    auto const row = ECLUSE_TRY(context.database.row(
        "SELECT state, identity_verified_at FROM person WHERE id = $1", {asking.person}
    ));
    if (!row) return {}; // the defaults admit nobody
    known.facts.person = parse_person_state(row->text("state")).value_or(PersonState::blocked);
    known.facts.identity_verified = row->optional_number("identity_verified_at").has_value();
    auto const charter = ECLUSE_TRY(context.database.row(
        "SELECT a.accepted_at AS accepted_at FROM charter c JOIN charter_acceptance a ON a.charter "
        "= c.version "
        "WHERE c.version = (SELECT max(version) FROM charter) AND a.person = $1 AND a.sha256 = "
        "c.sha256",
        {asking.person}
    ));
    known.facts.charter_accepted = charter.has_value();
    return {};
}

Result<> load_vendor(Context& context, Asking const& asking, Known& known)
{
    auto const row = ECLUSE_TRY(context.database.row(
        "SELECT name, state, contract_from, contract_to FROM vendor WHERE id = $1", {asking.vendor}
    ));
    if (!row) return {};
    known.company = row->text("name");
    known.facts.vendor = parse_vendor_state(row->text("state")).value_or(VendorState::suspended);
    Contract contract{
        instant(row->number("contract_from")), instant(row->number("contract_to")), {}};
    for (auto const& asset : ECLUSE_TRY(context.database.rows(
             "SELECT asset FROM vendor_asset WHERE vendor = $1", {asking.vendor}
         )))
        contract.assets.emplace_back(asset.text("asset"));
    known.facts.contract = std::move(contract);
    for (auto const& source : ECLUSE_TRY(context.database.rows(
             "SELECT range, valid_from, valid_to FROM authorized_source WHERE vendor = $1 AND "
             "state = 'approved'",
             {asking.vendor}
         ))) {
        auto const range = AddressRange::parse(source.text("range"));
        if (!range) continue; // admits nobody
        known.facts.declared.push_back(
            {*range,
             instant(source.number("valid_from")),
             optional_instant(source.optional_number("valid_to"))}
        );
    }
    return {};
}

/// CHM:8.19: what a vendor's people owe stops their next session.
Result<> load_reports(Context& context, Asking const& asking, UtcTime now, Known& known)
{
    auto const policy = blocking_policy(context.config);
    for (auto const& row : ECLUSE_TRY(context.database.rows(
             "SELECT r.id AS id, r.state AS state, r.due_at AS due_at, "
             "(SELECT max(v.submitted_at) FROM report_version v WHERE v.report = r.id) AS "
             "submitted_at "
             "FROM report r JOIN access_window w ON w.id = r.access_window "
             "WHERE w.vendor = $1 AND r.state <> 'accepted' ORDER BY r.due_at",
             {asking.vendor}
         ))) {
        ReportTimes report;
        report.state = parse_report_state(row.text("state")).value_or(ReportState::due);
        report.deadline = instant(row.number("due_at"));
        report.submitted_at = optional_instant(row.optional_number("submitted_at"));
        if (blocks(report, policy, now)) known.facts.blocking_reports.emplace_back(row.text("id"));
    }
    return {};
}

void grant(Permissions& permissions, std::string const& function)
{
    if (function == "shell") permissions.shell = true;
    if (function == "exec") permissions.exec = true;
    if (function == "file_up") permissions.sftp_up = true;
    if (function == "file_down") permissions.sftp_down = true;
}

Result<WindowFacts> load_window(Context& context, Row const& row, Known& known)
{
    auto const id = row.text("id");
    WindowFacts window{WindowId{id}, {}, {}, {}, {}};
    // A state that nobody knows gives nothing.
    window.times.state = parse_window_state(row.text("state")).value_or(WindowState::cancelled);
    window.times.opens = instant(row.number("opens_at"));
    window.times.closes = instant(row.number("closes_at"));
    window.times.open_mode = parse_open_mode(row.text("open_mode")).value_or(OpenMode::manual);
    window.times.emergency = row.number("emergency") != 0;
    for (auto const& one : ECLUSE_TRY(
             context.database.rows("SELECT person FROM window_person WHERE window = $1", {id})
         ))
        window.people.emplace_back(one.text("person"));
    for (auto const& one : ECLUSE_TRY(
             context.database.rows("SELECT function FROM window_function WHERE window = $1", {id})
         ))
        grant(window.permissions, one.text("function"));
    for (auto const& one : ECLUSE_TRY(context.database.rows(
             "SELECT w.asset AS asset, w.account AS account FROM window_asset w JOIN asset_account "
             "a "
             "ON a.asset = w.asset AND a.name = w.account WHERE w.window = $1 ORDER BY w.account",
             {id}
         ))) {
        AssetId const asset{one.text("asset")};
        known.accounts[{id, asset.text()}].push_back(one.text("account"));
        if (std::find(window.assets.begin(), window.assets.end(), asset) == window.assets.end())
            window.assets.push_back(asset);
    }
    return window;
}

Result<> load_windows(Context& context, Asking const& asking, UtcTime now, Known& known)
{
    for (auto const& row : ECLUSE_TRY(context.database.rows(
             "SELECT w.id AS id, w.state AS state, w.opens_at AS opens_at, w.closes_at AS "
             "closes_at, "
             "w.open_mode AS open_mode, w.emergency AS emergency FROM access_window w "
             "JOIN window_person p ON p.window = w.id WHERE p.person = $1 AND w.vendor = $2 AND "
             "w.closes_at > $3 "
             "AND w.state IN ('approved', 'open', 'closed', 'expired') ORDER BY w.closes_at DESC "
             "LIMIT $4",
             {asking.person, asking.vendor, now.time_since_epoch().count() - past_s, windows_max}
         )))
        known.facts.windows.push_back(ECLUSE_TRY(load_window(context, row, known)));
    return {};
}

Result<> load_assets(Context& context, Known& known)
{
    for (auto const& row : ECLUSE_TRY(
             context.database.rows("SELECT id, name, protocol, state, session_limit FROM asset")
         )) {
        auto const id = row.text("id");
        known.asset_names[id] = row.text("name");
        known.asset_ids[row.text("name")] = id;
        AssetFacts asset{AssetId{id}, Protocol::ssh, false, {}};
        asset.protocol = row.text("protocol") == "ssh" ? Protocol::ssh : Protocol::rdp;
        asset.active = row.text("state") == "active";
        known.facts.assets.push_back(std::move(asset));
        known.session_limits[id] =
            static_cast<unsigned>(std::max(row.number("session_limit"), std::int64_t{0}));
    }
    return {};
}

void load_sessions(Context& context, Asking const& asking, Known& known)
{
    for (auto const& live : context.live.list()) {
        bool const same_window = std::any_of(
            known.facts.windows.begin(),
            known.facts.windows.end(),
            [&](WindowFacts const& window) { return window.id.text() == live.window; }
        );
        auto const from = SourceAddress::parse(live.source_address);
        if (!from || (live.person != asking.person && !same_window)) continue;
        known.facts.sessions.push_back(
            {SessionId{live.id},
             PersonId{live.person},
             WindowId{live.window},
             AssetId{live.asset},
             *from}
        );
    }
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

Result<Known> load_facts(Context& context, Asking const& asking, UtcTime now)
{
    Known known;
    known.facts.factors = asking.factors;
    known.facts.clock_trusted = context.clock.trusted();
    known.facts.recorder_available = context.recorder.ready();
    ECLUSE_TRY(load_person(context, asking, known));
    ECLUSE_TRY(load_vendor(context, asking, known));
    ECLUSE_TRY(load_reports(context, asking, now, known));
    ECLUSE_TRY(load_windows(context, asking, now, known));
    ECLUSE_TRY(load_assets(context, known));
    load_sessions(context, asking, known);
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
