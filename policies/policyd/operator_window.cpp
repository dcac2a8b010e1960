#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/core/refusal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/facts.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/refusals.h"
#include "policies/policyd/window_record.h"
#include "policies/store/assets.h"
#include "policies/store/escorts.h"
#include "policies/store/extensions.h"
#include "policies/store/paging.h"
#include "policies/store/vendors.h"
#include "policies/store/windows.h"

#include <algorithm>
#include <array>
#include <variant>

/// Requests for access: CLAUSIER:O-12.2.5.1, O-12.2.5.3, CHM:8.4.
namespace ecluse::policyd {
namespace {

constexpr std::array<std::string_view, 5> natures{
    "preventive", "corrective", "evolutive", "diagnostic", "update"};
constexpr std::size_t assets_max = 20;
constexpr std::size_t people_max = 20;

template <class List> bool is_one_of(std::string_view word, List const& list)
{
    return std::find(list.begin(), list.end(), word) != list.end();
}

struct Asked {
    std::vector<std::string> assets, accounts, people, functions;
    std::optional<std::string> vendor; // by the hospital
    std::string opens, closes;
    store::Window window;
};

Asked read(Fields& fields)
{
    Asked asked;
    auto& window = asked.window;
    asked.assets = fields.texts("asset", assets_max, name_bytes_max);
    asked.accounts = fields.optional_texts("account", assets_max, id_bytes_max);
    asked.people = fields.optional_texts("person", people_max, id_bytes_max);
    asked.vendor = fields.optional_text("vendor", name_bytes_max);
    asked.functions = fields.texts("function", function_words.size(), 16);
    asked.opens = fields.text("opens", id_bytes_max);
    asked.closes = fields.text("closes", id_bytes_max);
    window.nature = fields.text("nature", 32);
    window.reason = fields.text("reason", reason_bytes_max);
    window.ticket = fields.optional_text("ticket", name_bytes_max);
    window.emergency = fields.flag("emergency", false);
    window.escort_required = fields.flag("escort", false);
    json::object details;
    for (auto const* name :
         {"procedure",
          "tools",
          "functions_kept",
          "safeguards",
          "update_origin",
          "update_sha256",
          "rollback_plan"})
        if (auto const value = fields.optional_text(name, reason_bytes_max)) details[name] = *value;
    details["interruption"] = fields.flag("interruption", false);
    details["health_data"] = fields.flag("health_data", false);
    window.details = json::serialize(details);
    return asked;
}

/// Whose window it is: the asking person's own company, or the one that the hospital names, as
/// an inventory does that plans a vendor's work. Somebody else of the hospital then approves.
Result<std::variant<store::Vendor, Fault>>
find_company(Context& context, Caller const& caller, std::optional<std::string> const& named)
{
    using Found = std::variant<store::Vendor, Fault>;
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    if (!own && !named) return Found{bad_value("vendor", "vide")};
    auto const vendor = ECLUSE_TRY(store::find_vendor(context.database, named ? *named : *own));
    if (!vendor || (own && *own != vendor->id))
        return Found{named ? unknown(TextKey::operator_unknown_vendor, *named) : not_yours()};
    if (vendor->state != "active") return Found{wrong_state(vendor->state)};
    return Found{*vendor};
}

/// The company's people only, active, technicians (promise: each sees only his own).
std::optional<Reply> take_people(Context& context, Caller const& caller, Asked& asked)
{
    // The hospital's people do not work in a vendor's window: they name who does.
    if (asked.people.empty() && caller.has_role("dsi")) return bad_value("person", "vide");
    if (asked.people.empty()) asked.people.push_back(caller.login);
    for (auto const& name : asked.people) {
        auto const person = find_person(context, name);
        if (!person) return person.error();
        if (!*person || (*person)->vendor != asked.window.vendor)
            return unknown(TextKey::operator_unknown_person, name);
        auto const& known = **person;
        if (!is_one_of("technician", known.roles) ||
            (known.state != "active" && known.state != "invited"))
            return Fault{
                "E-CRE-14",
                TextKey::operator_not_technician_text,
                {{"name", known.login}},
                TextKey::operator_not_technician_remedy};
        if (!is_one_of(known.id, asked.window.people)) asked.window.people.push_back(known.id);
    }
    return std::nullopt;
}

/// Assets of the contract, each with the accounts asked for, or its only one.
std::optional<Reply> take_targets(Context& context, Asked& asked)
{
    std::vector<std::string> used;
    for (auto const& name : asked.assets) {
        auto const asset = store::find_asset(context.database, name);
        if (!asset) return asset.error();
        auto const in_contract =
            *asset ? store::has_asset(context.database, asked.window.vendor, (*asset)->id)
                   : Result<bool>{false};
        if (!in_contract) return in_contract.error();
        // An asset outside the contract and one that does not exist look the same to a vendor.
        if (!*in_contract)
            return Fault{
                "E-CTR-02",
                TextKey::operator_contract_text,
                {{"name", printable(name, 64)}},
                TextKey::operator_contract_remedy};
        if ((*asset)->state != "active") return wrong_state((*asset)->state);
        if ((*asset)->default_open_mode == "manual") asked.window.open_mode = "manual";
        auto const accounts = store::account_names(context.database, (*asset)->id);
        if (!accounts) return accounts.error();
        auto wanted = asked.accounts;
        if (wanted.empty() && accounts->size() == 1) wanted = *accounts;
        std::size_t found = 0;
        for (auto const& account : wanted) {
            if (!is_one_of(account, *accounts)) continue;
            asked.window.targets.push_back({(*asset)->id, account});
            used.push_back(account);
            ++found;
        }
        if (found == 0)
            return Fault{
                "E-CRE-15",
                TextKey::operator_no_account_text,
                {{"name", printable(name, 64)}},
                TextKey::operator_no_account_remedy};
    }
    for (auto const& account : asked.accounts)
        if (!is_one_of(account, used)) return unknown(TextKey::operator_unknown_account, account);
    return std::nullopt;
}

/// E-CR-01: what is owed for the last interventions comes first. An emergency may be asked for: the
/// DSI decides in writing, at the approval, whether the late report stops it (E-URG-02).
Result<std::optional<Fault>>
owes_reports(Context& context, Caller const& caller, Asked const& asked)
{
    if (asked.window.emergency) return std::optional<Fault>{};
    auto const late =
        ECLUSE_TRY(blocking_reports(context, asked.window.vendor, context.clock.decision_now()));
    if (late.empty()) return std::optional<Fault>{};
    auto const code = std::string{ecluse::code(Refusal::report_overdue)};
    // The DSI finds it among the refusals, as it would one at the door.
    ECLUSE_TRY(record_refusal(
        context,
        {.code = code,
         .door = caller.door,
         .address = caller.address,
         .login = caller.login,
         .person = caller.person,
         .detail = late.front().text()}
    ));
    return std::optional{Fault{
        code,
        reason(Refusal::report_overdue),
        {{"report", late.front().text()}, {"url", "eclusectl report form " + late.front().text()}},
        action(Refusal::report_overdue)}};
}

Reply ask(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto asked = read(fields);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto& window = asked.window;
    auto company = ECLUSE_TRY(find_company(context, caller, asked.vendor));
    if (auto* const fault = std::get_if<Fault>(&company)) return std::move(*fault);
    auto const& vendor = std::get<store::Vendor>(company);
    window.vendor = vendor.id;
    if (!is_one_of(window.nature, natures)) return bad_value("nature", window.nature);
    if (window.reason.find_first_not_of(" \t\n") == std::string::npos)
        return to_reply(ecluse::Fault::window_reason_missing);
    if (asked.functions.empty()) return bad_value("function", "vide");
    for (auto const& function : asked.functions) {
        if (!find_function(function)) return bad_value("function", function);
        if (!is_one_of(function, window.functions)) window.functions.push_back(function);
    }
    auto const opens = parse_iso(asked.opens);
    auto const closes = parse_iso(asked.closes);
    if (!opens) return bad_value("opens", asked.opens);
    if (!closes) return bad_value("closes", asked.closes);
    window.opens_at = opens->time_since_epoch().count();
    window.closes_at = closes->time_since_epoch().count();
    if (window.opens_at < vendor.contract_from || window.closes_at > vendor.contract_to)
        return Fault{
            "E-CTR-01",
            TextKey::operator_contract_dates_text,
            {},
            TextKey::operator_contract_dates_remedy};
    window.open_mode = "auto";
    if (auto refused = take_people(context, caller, asked)) return *std::move(refused);
    if (auto refused = take_targets(context, asked)) return *std::move(refused);
    if (auto const owed = ECLUSE_TRY(owes_reports(context, caller, asked))) return *owed;

    window.id = random_id('W');
    window.state = "draft";
    window.requested_by = caller.person;
    window.requested_at = seconds_now(context);
    // The request is accepted a moment after it was typed: "now" is not yet in the past then.
    constexpr std::int64_t typing_s = 60;
    if (window.opens_at < window.requested_at && window.requested_at - window.opens_at <= typing_s)
        window.opens_at = window.requested_at;
    auto const outcome = transition(
        ECLUSE_TRY(to_record(context, window)),
        {.act = WindowAct::submit},
        ECLUSE_TRY(to_actor(context, caller, window.vendor)),
        context.clock.decision_now(),
        window_policy(context)
    );
    if (auto const* fault = std::get_if<ecluse::Fault>(&outcome)) return to_reply(*fault);
    window.state = "requested";
    json::array people(window.people.begin(), window.people.end());
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "window.requested",
         .object = window.id,
         .details =
             {{"vendor", window.vendor},
              {"opens", asked.opens},
              {"closes", asked.closes},
              {"people", people},
              {"emergency", window.emergency},
              {"escort_required", window.escort_required},
              {"reason", window.reason}}},
        [&] { return store::insert_window(context.database, window); }
    ));
    return json::object{
        {"window", window.id},
        {"opens", to_iso(UtcTime{std::chrono::seconds{window.opens_at}})},
        {"closes", asked.closes}};
}

bool found_in(store::Scope const& scope, std::string const& asset)
{
    return scope.assets.empty() || is_one_of(asset, scope.assets);
}

Reply list(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const state = fields.optional_text("state", 32);
    auto vendor = fields.optional_text("vendor", name_bytes_max);
    auto asset = fields.optional_text("asset", name_bytes_max);
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    if (vendor) {
        auto const found = ECLUSE_TRY(store::find_vendor(context.database, *vendor));
        // To a limited auditor, a vendor outside and none are the same: nothing of theirs is
        // listed.
        if (!caller.scope && (!found || (own && *own != found->id)))
            return unknown(TextKey::operator_unknown_vendor, *vendor);
        if (found) vendor = found->id;
    }
    if (own) vendor = own;
    if (asset) {
        auto const found = ECLUSE_TRY(store::find_asset(context.database, *asset));
        if (!caller.scope && !found) return unknown(TextKey::operator_unknown_asset, *asset);
        if (found) asset = found->id;
        // Another's target of a window that is partly inside is not to be found by its name.
        if (caller.scope && !found_in(*caller.scope, *asset)) asset = "-";
    }
    return page_reply(store::list_windows(
        context.database,
        {.state = state, .vendor = vendor, .asset = asset, .after = after, .scope = caller.scope}
    ));
}

/// Warnings for whoever decides: nothing here forbids.
Result<json::array> remarks(Context& context, store::Window const& window)
{
    json::array all;
    auto const record = ECLUSE_TRY(to_record(context, window));
    if (overlaps_usage_hours(record)) all.emplace_back("usage_hours");
    auto const now = context.clock.decision_now();
    if (!ECLUSE_TRY(blocking_reports(context, window.vendor, now)).empty())
        all.emplace_back("report_late");
    if (record.emergency_unreviewed) all.emplace_back("emergency_unreviewed");
    for (auto const& id : window.people) {
        auto const person = ECLUSE_TRY(find_person(context, id));
        if (!person || person->state != "active")
            all.emplace_back("person_not_active");
        else if (!person->identity_verified)
            all.emplace_back("identity_not_verified");
    }
    return all;
}

Reply show(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("window", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const window = ECLUSE_TRY(store::find_window(context.database, id));
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    if (!window || (own && *own != window->vendor) || !store::window_is_in(caller.scope, *window))
        return unknown(TextKey::operator_unknown_window, id);
    auto object = ECLUSE_TRY(store::show_window(context.database, *window, caller.scope));
    if (!own && window->state == "requested")
        object["remarks"] = ECLUSE_TRY(remarks(context, *window));
    object["presences"] = ECLUSE_TRY(store::presences_of(context.database, id));
    object["questions"] = ECLUSE_TRY(store::questions_of(context.database, id));
    return document(std::move(object));
}

} // namespace

void add_window_requests(RequestTable& table, Context& context)
{
    std::vector<std::string> const readers{
        "technician", "vendor_manager", "dsi", "rssi", "auditor"};
    add_request(table, context, "window.request", {{"technician", "vendor_manager", "dsi"}}, &ask);
    Allowed const seen{.roles = readers, .limited_auditor = true};
    add_request(table, context, "window.list", seen, &list);
    add_request(table, context, "window.show", seen, &show);
}

} // namespace ecluse::policyd
