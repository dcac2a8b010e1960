#include "policies/store/facts.h"

#include "policies/store/escorts.h"
#include "policies/store/facts_rows.h"

#include <algorithm>
#include <map>

namespace ecluse {

namespace {

/// Of one person; the nearest ones, when there are more.
constexpr std::int64_t windows_max = 100;
constexpr auto ended_windows_kept = std::chrono::hours{24 * 30};
constexpr auto objection_time = std::chrono::hours{24 * 21};

Result<Protocol> protocol_of(Row const& row)
{
    auto const protocol = parse_protocol(row.text("protocol"));
    if (!protocol) return unreadable("protocol", row.text("id"));
    return *protocol;
}

/// Whether the hospital lets this subcontractor's people in.
Result<bool> is_admitted(Database& database, std::string const& subcontractor, UtcTime now)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT decision, notified_at FROM subcontractor WHERE id = $1", {subcontractor}
    ));
    if (!row) return false;
    auto const decision = row->optional_text("decision");
    if (!decision) return now >= instant(row->number("notified_at")) + objection_time;
    return *decision == "accepted";
}

Result<> load_vendor(Database& database, Facts& facts, std::string const& vendor)
{
    auto const row = ECLUSE_TRY(
        database.row("SELECT state, contract_from, contract_to FROM vendor WHERE id = $1", {vendor})
    );
    if (!row) return Error{Errc::corrupt, "database: no vendor " + vendor};
    auto const state = parse_vendor_state(row->text("state"));
    if (!state) return unreadable("state", vendor);
    facts.vendor = *state;
    Contract contract{
        instant(row->number("contract_from")), instant(row->number("contract_to")), {}};
    for (auto const& asset : ECLUSE_TRY(database.rows(
             "SELECT asset FROM vendor_asset WHERE vendor = $1 ORDER BY asset", {vendor}
         )))
        contract.assets.emplace_back(asset.text("asset"));
    facts.contract = std::move(contract);
    for (auto const& source : ECLUSE_TRY(database.rows(
             "SELECT id, range, valid_from, valid_to FROM authorized_source "
             "WHERE vendor = $1 AND state = 'approved' ORDER BY id",
             {vendor}
         ))) {
        auto const range = AddressRange::parse(source.text("range"));
        if (!range) return unreadable("range", source.text("id"));
        facts.declared.push_back(
            {*range,
             instant(source.number("valid_from")),
             optional_instant(source.optional_number("valid_to"))}
        );
    }
    return {};
}

Result<> load_person(Database& database, Facts& facts, PersonId const& person, UtcTime now)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT state, identity_verified_at, vendor, subcontractor FROM person WHERE id = $1",
        {person.text()}
    ));
    if (!row) return Error{Errc::not_found, "no person " + person.text()};
    auto const state = parse_person_state(row->text("state"));
    if (!state) return unreadable("state", person.text());
    facts.person = *state;
    facts.identity_verified = row->optional_number("identity_verified_at").has_value();
    for (auto const& held : ECLUSE_TRY(database.rows(
             "SELECT role, valid_to FROM person_role WHERE person = $1 ORDER BY role",
             {person.text()}
         ))) {
        auto const role = parse_role(held.text("role"));
        if (!role) return unreadable("role", person.text());
        facts.roles.push_back({*role, optional_instant(held.optional_number("valid_to"))});
    }
    // No charter published yet means that nobody can have accepted it.
    auto const charter = ECLUSE_TRY(database.row(
        "SELECT a.charter FROM charter_acceptance a JOIN charter c ON c.version = a.charter "
        "AND c.sha256 = a.sha256 WHERE a.person = $1 "
        "AND a.charter = (SELECT max(version) FROM charter)",
        {person.text()}
    ));
    facts.charter_accepted = charter.has_value();
    auto const vendor = row->optional_text("vendor");
    if (!vendor) return {}; // hospital staff: no vendor, hence no session
    ECLUSE_TRY(load_vendor(database, facts, *vendor));
    if (auto const subcontractor = row->optional_text("subcontractor"))
        if (!ECLUSE_TRY(is_admitted(database, *subcontractor, now))) facts.contract.reset();
    facts.blocking_reports = ECLUSE_TRY(overdue_reports(database, VendorId{*vendor}, now));
    return {};
}

Result<> load_permissions(Database& database, WindowFacts& window)
{
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT function FROM window_function WHERE window = $1", {window.id.text()}
         ))) {
        auto const* const function = find_function(row.text("function"));
        if (!function) return unreadable("function", window.id.text());
        window.permissions.*function->permission = true;
    }
    return {};
}

Result<WindowFacts> load_window(Database& database, Row const& row, UtcTime now)
{
    WindowFacts window{
        .id = WindowId{row.text("id")},
        .times = ECLUSE_TRY(times_of(row)),
        .permissions = {},
        .people = {},
        .assets = {}};
    ECLUSE_TRY(load_permissions(database, window));
    window.report_lifted = row.optional_text("report_lifted_reason").has_value();
    auto const escort =
        ECLUSE_TRY(store::escort_standing(database, window.id.text(), to_column(now)));
    window.escort_required = escort.required;
    window.escort_present = !escort.present.empty();
    for (auto const& person : ECLUSE_TRY(database.rows(
             "SELECT person FROM window_person WHERE window = $1 ORDER BY person",
             {window.id.text()}
         )))
        window.people.emplace_back(person.text("person"));
    for (auto const& asset : ECLUSE_TRY(database.rows(
             "SELECT DISTINCT asset FROM window_asset WHERE window = $1 ORDER BY asset",
             {window.id.text()}
         )))
        window.assets.emplace_back(asset.text("asset"));
    return window;
}

Result<> load_windows(Database& database, Facts& facts, PersonId const& person, UtcTime now)
{
    // Only windows of the person's own vendor: who changes employer leaves his windows behind.
    constexpr auto select =
        "SELECT w.id, w.state, w.opens_at, w.closes_at, w.open_mode, w.emergency, "
        "w.report_lifted_reason FROM access_window w JOIN window_person p ON p.window = w.id "
        "JOIN person q ON q.id = p.person AND q.vendor = w.vendor "
        "WHERE p.person = $1 AND w.state <> 'draft' ";
    auto const to_come =
        std::string{select} + "AND w.closes_at > $2 ORDER BY w.opens_at, w.id LIMIT $3";
    auto const ended = std::string{select} + "AND w.closes_at <= $2 AND w.closes_at > $3 "
                                             "ORDER BY w.closes_at DESC, w.id LIMIT $4";
    for (auto const& row : ECLUSE_TRY(
             database.rows(to_come, {person.text(), to_column(now), std::int64_t{windows_max}})
         ))
        facts.windows.push_back(ECLUSE_TRY(load_window(database, row, now)));
    for (auto const& row : ECLUSE_TRY(database.rows(
             ended,
             {person.text(),
              to_column(now),
              to_column(now - ended_windows_kept),
              std::int64_t{windows_max}}
         )))
        facts.windows.push_back(ECLUSE_TRY(load_window(database, row, now)));
    return {};
}

/// Accounts of the asset that a window allows and whose credential still exists.
Result<std::vector<std::string>>
accounts_of(Database& database, WindowId const& window, AssetId const& asset)
{
    std::vector<std::string> accounts;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT a.name FROM window_asset w JOIN asset_account a ON a.asset = w.asset "
             "AND a.name = w.account WHERE w.window = $1 AND w.asset = $2 ORDER BY a.name",
             {window.text(), asset.text()}
         )))
        accounts.push_back(row.text("name"));
    return accounts;
}

/// INVARIANT: no account that a running window forbids. Two running windows on one asset may allow
/// different accounts, and a decision names the asset's accounts, not the window's.
Result<std::vector<std::string>>
common_accounts(Database& database, Facts const& facts, AssetId const& asset, UtcTime now)
{
    std::optional<std::vector<std::string>> common;
    for (bool const running : {true, false}) {
        for (auto const& window : facts.windows) {
            bool const is_running = state_at(window.times, now) == WindowState::open;
            if (is_running != running ||
                std::find(window.assets.begin(), window.assets.end(), asset) == window.assets.end())
                continue;
            auto const accounts = ECLUSE_TRY(accounts_of(database, window.id, asset));
            if (!common) {
                common = accounts;
                continue;
            }
            std::erase_if(*common, [&](auto const& name) {
                return std::find(accounts.begin(), accounts.end(), name) == accounts.end();
            });
        }
        if (common) break;
    }
    return common.value_or(std::vector<std::string>{});
}

Result<> load_asset(Database& database, Facts& facts, AssetId const& asset, UtcTime now)
{
    auto const known = std::any_of(facts.assets.begin(), facts.assets.end(), [&](auto const& a) {
        return a.id == asset;
    });
    if (known) return {};
    auto const row = ECLUSE_TRY(
        database.row("SELECT id, protocol, state FROM asset WHERE id = $1", {asset.text()})
    );
    if (!row) return {}; // asked for, and not there: the rules say so
    facts.assets.push_back(
        {.id = asset,
         .protocol = ECLUSE_TRY(protocol_of(*row)),
         .active = row->text("state") == "active",
         .accounts = ECLUSE_TRY(common_accounts(database, facts, asset, now))}
    );
    return {};
}

Result<> load_session(Facts& facts, Row const& row)
{
    auto const from = SourceAddress::parse(row.text("source"));
    if (!from) return unreadable("source", row.text("id"));
    SessionId const id{row.text("id")};
    for (auto const& session : facts.sessions)
        if (session.id == id) return {};
    facts.sessions.push_back(
        {id,
         PersonId{row.text("person")},
         WindowId{row.text("access_window")},
         AssetId{row.text("asset")},
         *from}
    );
    return {};
}

Result<> load_sessions(Database& database, Facts& facts, PersonId const& person)
{
    constexpr auto select =
        "SELECT id, person, access_window, asset, source FROM session WHERE ended_ms IS NULL ";
    for (auto const& row :
         ECLUSE_TRY(database.rows(std::string{select} + "AND person = $1", {person.text()})))
        ECLUSE_TRY(load_session(facts, row));
    for (auto const& window : facts.windows)
        for (auto const& row : ECLUSE_TRY(
                 database.rows(std::string{select} + "AND access_window = $1", {window.id.text()})
             ))
            ECLUSE_TRY(load_session(facts, row));
    return {};
}

} // namespace

Result<std::optional<PersonId>> find_person(Database& database, std::string_view login)
{
    auto const row =
        ECLUSE_TRY(database.row("SELECT id FROM person WHERE login = $1", {std::string{login}}));
    if (!row) return std::optional<PersonId>{};
    return std::optional{PersonId{row->text("id")}};
}

Result<std::optional<AssetId>> find_asset(Database& database, std::string_view name)
{
    auto const row =
        ECLUSE_TRY(database.row("SELECT id FROM asset WHERE name = $1", {std::string{name}}));
    if (!row) return std::optional<AssetId>{};
    return std::optional{AssetId{row->text("id")}};
}

Result<Facts> load_facts(
    Database& database, PersonId const& person, std::optional<AssetId> const& asked, UtcTime now
)
{
    Facts facts;
    ECLUSE_TRY(load_person(database, facts, person, now));
    ECLUSE_TRY(load_windows(database, facts, person, now));
    auto const windows = facts.windows;
    for (auto const& window : windows)
        for (auto const& asset : window.assets)
            ECLUSE_TRY(load_asset(database, facts, asset, now));
    if (asked) ECLUSE_TRY(load_asset(database, facts, *asked, now));
    ECLUSE_TRY(load_sessions(database, facts, person));
    return facts;
}

} // namespace ecluse
