#include "policies/core/decide.h"

#include "policies/core/window_choice.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ecluse {

namespace {

template <class Item> bool contains(std::vector<Item> const& items, Item const& item)
{
    return std::find(items.begin(), items.end(), item) != items.end();
}

struct Case {
    Request const& request;
    Facts const& facts;
    UtcTime now;
    WindowChoice choice;
    std::optional<AssetId> asset; // asked for, or the only one of the window
    AssetFacts const* asset_facts = nullptr;
};

Case make_case(Request const& request, Facts const& facts, UtcTime now)
{
    Case c{request, facts, now, choose_window(request, facts, now), request.asset};
    auto const* window = c.choice.window;
    if (!c.asset && window != nullptr && window->assets.size() == 1)
        c.asset = window->assets.front();
    for (auto const& asset : facts.assets)
        if (c.asset && asset.id == *c.asset) c.asset_facts = &asset;
    return c;
}

bool opens_something(Case const& c)
{
    return c.request.function != Function::menu;
}

std::optional<std::string> account_of(Case const& c)
{
    if (c.asset_facts == nullptr || c.asset_facts->accounts.empty()) return std::nullopt;
    if (!c.request.account) return c.asset_facts->accounts.front();
    if (!contains(c.asset_facts->accounts, *c.request.account)) return std::nullopt;
    return c.request.account;
}

/// The latest end among the declared ranges that admit this address now; absent when none does.
struct Admission {
    std::optional<UtcTime> until;
};
std::optional<Admission> admission(Case const& c)
{
    std::optional<Admission> found;
    for (auto const& declared : c.facts.declared) {
        if (!declared.range.contains(c.request.from) || c.now < declared.from) continue;
        if (declared.until && c.now >= *declared.until) continue;
        if (!declared.until) return Admission{};
        if (!found || *declared.until > *found->until) found = Admission{declared.until};
    }
    return found;
}

// Each check answers with a refusal or with nothing. They are independent, so that explain() can
// ask all of them; decide() stops at the first, in the order of `checks`.
using Answer = std::optional<Refusal>;

Answer refuse_if(bool wrong, Refusal refusal)
{
    return wrong ? Answer{refusal} : std::nullopt;
}

// CLAUSIER:O-5.4, CHM:5.10: two factors, on every door, not to be switched off.
Answer check_factors(Case const& c)
{
    return refuse_if(!c.facts.factors.two_distinct(), Refusal::factors_missing);
}

Answer check_person(Case const& c)
{
    return refuse_if(c.facts.person != PersonState::active, Refusal::person_not_active);
}

Answer check_identity(Case const& c)
{
    return refuse_if(!c.facts.identity_verified, Refusal::identity_not_verified);
}

// Everything below compares with `now`, declarations and contract included: with a clock that may
// lie none of it means anything.
Answer check_clock(Case const& c)
{
    return refuse_if(!c.facts.clock_trusted, Refusal::clock_not_trusted);
}

// Promise 19: an old state put back would open again what was closed since.
Answer check_state(Case const& c)
{
    return refuse_if(!c.facts.state_current, Refusal::state_rolled_back);
}

HeldRole const* technician(Case const& c)
{
    for (auto const& held : c.facts.roles)
        if (held.role == Role::technician && (!held.until || c.now < *held.until)) return &held;
    return nullptr;
}

// WEB:AA1: a window names people, and only a technician works in one.
Answer check_role(Case const& c)
{
    return refuse_if(technician(c) == nullptr, Refusal::role_missing);
}

// CLAUSIER:O-5.1, CHM:5.5: a password serves for a time. Who came by a key did not use it.
Answer check_password(Case const& c)
{
    auto const& renew_by = c.facts.password_renew_by;
    bool const too_old = c.facts.factors.knowledge && renew_by && c.now >= *renew_by;
    return refuse_if(too_old && !c.request.session, Refusal::password_too_old);
}

// CLAUSIER:O-12.2.5.3, CHM:8.1: only addresses that this vendor declared.
Answer check_source(Case const& c)
{
    return refuse_if(!admission(c), Refusal::address_not_declared);
}

Answer check_vendor(Case const& c)
{
    return refuse_if(c.facts.vendor != VendorState::active, Refusal::vendor_suspended);
}

Answer check_contract(Case const& c)
{
    auto const& contract = c.facts.contract;
    bool const in_date =
        contract && c.now >= contract->from && (!contract->until || c.now < *contract->until);
    return refuse_if(!in_date, Refusal::contract_not_in_date);
}

Answer check_charter(Case const& c)
{
    return refuse_if(
        !c.facts.charter_accepted && !c.request.session, Refusal::charter_not_accepted
    );
}

// CHM:8.19: a late report stops the next intervention, an urgent one too unless the DSI lifted it
// for that one (docs/decisions/0020).
Answer check_report(Case const& c)
{
    auto const* window = c.choice.window;
    bool const lifted = window != nullptr && window->times.emergency && window->report_lifted;
    bool const exempt = c.request.session || lifted;
    return refuse_if(!c.facts.blocking_reports.empty() && !exempt, Refusal::report_overdue);
}

// CLAUSIER:O-12.2.5.3: only inside the agreed period.
Answer check_window(Case const& c)
{
    switch (c.choice.standing) {
    case WindowStanding::none:
        return Refusal::no_window;
    case WindowStanding::ended:
        return Refusal::after_window;
    case WindowStanding::upcoming:
        return Refusal::before_window;
    case WindowStanding::waiting:
        return Refusal::window_not_opened;
    case WindowStanding::live:
        return std::nullopt;
    }
    assertion_failed("WindowStanding", __FILE__, __LINE__);
}

Answer check_asset_in_window(Case const& c)
{
    if (!opens_something(c) && !c.request.asset) return std::nullopt;
    // An asset that we do not know and one that this person may not see look the same (WEB:AA2).
    if (!c.asset || c.asset_facts == nullptr || c.choice.window == nullptr)
        return Refusal::asset_not_in_window;
    bool const in = contains(c.choice.window->assets, *c.asset);
    return refuse_if(
        !in || c.asset_facts->protocol != c.request.protocol, Refusal::asset_not_in_window
    );
}

Answer check_asset_in_contract(Case const& c)
{
    if (c.asset_facts == nullptr) return std::nullopt; // said above
    bool const in = c.facts.contract && contains(c.facts.contract->assets, *c.asset);
    return refuse_if(!in, Refusal::asset_not_in_contract);
}

Answer check_asset_active(Case const& c)
{
    return refuse_if(c.asset_facts != nullptr && !c.asset_facts->active, Refusal::asset_suspended);
}

Answer check_account(Case const& c)
{
    if (c.asset_facts == nullptr) return std::nullopt; // said above
    if (!opens_something(c) && !c.request.account) return std::nullopt;
    return refuse_if(!account_of(c), Refusal::account_not_allowed);
}

Answer check_function(Case const& c)
{
    if (!opens_something(c)) return std::nullopt;
    bool const allowed =
        c.choice.window != nullptr && c.choice.window->permissions.allow(c.request.function);
    return refuse_if(!allowed, Refusal::function_not_permitted);
}

// CHM:8.4: where the hospital wants to be present, nothing opens while it is not, a further channel
// of a running session included.
Answer check_escort(Case const& c)
{
    auto const* window = c.choice.window;
    bool const absent = window != nullptr && window->escort_required && !window->escort_present;
    return refuse_if(opens_something(c) && absent, Refusal::escort_absent);
}

bool counts(Case const& c, LiveSession const& session)
{
    return !c.request.session || session.id != *c.request.session;
}

LiveSession const* session_elsewhere(Case const& c)
{
    for (auto const& session : c.facts.sessions)
        if (counts(c, session) && session.person == c.request.person &&
            session.from != c.request.from)
            return &session;
    return nullptr;
}

// WEB:AA8: one person is in one place.
Answer check_elsewhere(Case const& c)
{
    return refuse_if(
        opens_something(c) && session_elsewhere(c) != nullptr, Refusal::session_elsewhere
    );
}

Answer check_limit(Case const& c)
{
    if (!opens_something(c)) return std::nullopt;
    unsigned of_person = 0;
    unsigned of_window_asset = 0;
    for (auto const& session : c.facts.sessions) {
        if (!counts(c, session)) continue;
        of_person += session.person == c.request.person ? 1U : 0U;
        bool const same_place = c.choice.window != nullptr && c.asset &&
                                session.window == c.choice.window->id && session.asset == *c.asset;
        of_window_asset += same_place ? 1U : 0U;
    }
    auto const& limits = c.facts.limits;
    return refuse_if(
        of_person >= limits.per_person || of_window_asset >= limits.per_window_asset,
        Refusal::session_limit
    );
}

// Invariant 2: nothing runs unrecorded.
Answer check_recorder(Case const& c)
{
    return refuse_if(
        opens_something(c) && !c.facts.recorder_available, Refusal::recorder_unavailable
    );
}

constexpr std::array checks{&check_factors,      &check_person,          &check_identity,
                            &check_clock,        &check_state,           &check_role,
                            &check_password,     &check_source,          &check_vendor,
                            &check_contract,     &check_charter,         &check_report,
                            &check_window,       &check_asset_in_window, &check_asset_in_contract,
                            &check_asset_active, &check_account,         &check_function,
                            &check_escort,       &check_elsewhere,       &check_limit,
                            &check_recorder};

Denied denied(Case const& c, Refusal refusal)
{
    Denied answer;
    answer.refusal = refusal;
    if (auto const* window = c.choice.window; window != nullptr) {
        answer.window = window->id;
        if (refusal == Refusal::before_window) answer.start = window->times.opens;
        if (refusal == Refusal::after_window) answer.end = window->times.closes;
    }
    answer.next = next_opening(c.request, c.facts, c.now);
    if (refusal == Refusal::report_overdue) answer.report = c.facts.blocking_reports.front();
    if (refusal == Refusal::session_elsewhere) answer.elsewhere = session_elsewhere(c)->from;
    return answer;
}

Granted granted(Case const& c)
{
    auto const& window = *c.choice.window;
    auto until = window.times.closes;
    if (c.facts.contract->until) until = std::min(until, *c.facts.contract->until);
    if (auto const admitted = admission(c); admitted->until)
        until = std::min(until, *admitted->until);
    if (auto const* held = technician(c); held->until) until = std::min(until, *held->until);
    Granted answer{
        .window = window.id,
        .asset = std::nullopt,
        .account = {},
        .until = until,
        .permissions = window.permissions,
        .emergency = window.times.emergency};
    if (opens_something(c)) {
        answer.asset = c.asset;
        answer.account = *account_of(c);
    }
    return answer;
}

} // namespace

bool Permissions::allow(Function function) const
{
    switch (function) {
    case Function::menu:
        return true;
    case Function::shell:
        return shell;
    case Function::exec:
        return exec;
    case Function::sftp:
        return file_up || file_down;
    case Function::sftp_up:
        return file_up;
    case Function::sftp_down:
        return file_down;
    case Function::desktop:
        return desktop;
    }
    assertion_failed("Function", __FILE__, __LINE__);
}

Decision decide(Request const& request, Facts const& facts, UtcTime now)
{
    auto const c = make_case(request, facts, now);
    for (auto const check : checks)
        if (auto const refusal = check(c)) return denied(c, *refusal);
    return granted(c);
}

std::vector<Denied> explain(Request const& request, Facts const& facts, UtcTime now)
{
    auto const c = make_case(request, facts, now);
    std::vector<Denied> reasons;
    for (auto const check : checks)
        if (auto const refusal = check(c)) reasons.push_back(denied(c, *refusal));
    return reasons;
}

std::vector<MenuEntry> menu_entries(Request const& request, Facts const& facts, UtcTime now)
{
    std::vector<MenuEntry> entries;
    for (auto const& window : facts.windows) {
        for (auto const& asset : facts.assets) {
            auto one = request;
            one.function = Function::menu;
            one.window = window.id;
            one.asset = asset.id;
            one.account.reset();
            auto const decision = decide(one, facts, now);
            auto const* yes = std::get_if<Granted>(&decision);
            if (yes == nullptr || asset.accounts.empty()) continue;
            entries.push_back({window.id, asset.id, asset.accounts, yes->permissions, yes->until});
        }
    }
    return entries;
}

} // namespace ecluse
