#include "policies/policyd/window_record.h"

#include "policies/config/config.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/facts.h"
#include "policies/policyd/operator_act.h"
#include "policies/store/assets.h"
#include "policies/store/emergency_reviews.h"

#include <algorithm>

namespace ecluse::policyd {

namespace {

/// What the vendor of an emergency left to do.
Result<> load_debts(Context& context, store::Window const& window, WindowRecord& record)
{
    auto const now = context.clock.decision_now();
    record.report_late = !ECLUSE_TRY(blocking_reports(context, window.vendor, now)).empty();
    record.emergency_unreviewed =
        !ECLUSE_TRY(store::unreviewed_emergencies(
                        context.database, window.vendor, now.time_since_epoch().count()
                    ))
             .empty();
    return {};
}

} // namespace

Result<WindowRecord> to_record(Context& context, store::Window const& window)
{
    auto const state = parse_window_state(window.state);
    auto const mode = parse_open_mode(window.open_mode);
    if (!state || !mode) return Error{Errc::corrupt, "window " + window.id + ": state or mode"};
    WindowRecord record{
        .times =
            {.state = *state,
             .opens = UtcTime{std::chrono::seconds{window.opens_at}},
             .closes = UtcTime{std::chrono::seconds{window.closes_at}},
             .open_mode = *mode,
             .emergency = window.emergency},
        .requester = PersonId{window.requested_by},
        .technicians = {},
        .assets = {},
        .usage_hours = {}};
    if (window.escort) record.escort = PersonId{*window.escort};
    if (window.emergency) ECLUSE_TRY(load_debts(context, window, record));
    for (auto const& person : window.people)
        record.technicians.emplace_back(person);
    for (auto const& target : window.targets) {
        AssetId const id{target.asset};
        if (std::find(record.assets.begin(), record.assets.end(), id) != record.assets.end())
            continue;
        record.assets.push_back(id);
        auto const asset = ECLUSE_TRY(store::find_asset(context.database, target.asset));
        if (!asset) return Error{Errc::corrupt, "window " + window.id + ": asset"};
        record.usage_hours.push_back(ECLUSE_TRY(parse_weekly_hours(asset->usage_hours)));
    }
    return record;
}

Result<WindowActor> to_actor(Context& context, Caller const& caller, std::string const& vendor)
{
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    WindowActor actor{PersonId{caller.person}, {}, own == vendor};
    for (auto const& code : caller.roles)
        if (auto const role = parse_role(code)) actor.roles.add(*role);
    return actor;
}

WindowPolicy window_policy(Context const& context)
{
    return {
        .duration_max = std::chrono::hours{context.config.windows.max_hours},
        .emergency_duration_max = std::chrono::hours{context.config.windows.emergency_max_hours}};
}

} // namespace ecluse::policyd
