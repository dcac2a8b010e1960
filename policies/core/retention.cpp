#include "policies/core/retention.h"

#include <algorithm>

namespace ecluse {

using namespace std::chrono;

std::optional<Fault> validate(RetentionPolicy const& policy)
{
    if (policy.journal < journal_kept_min) return Fault::retention_journal;
    if (policy.recordings < recordings_kept_min) return Fault::retention_recordings;
    return std::nullopt;
}

std::optional<Fault> validate_asset_retention(days asked, std::optional<days> floor)
{
    if (asked < std::max(recordings_kept_min, floor.value_or(days{0})))
        return Fault::retention_recordings;
    return std::nullopt;
}

std::optional<UtcTime> kept_until(KeptRecording const& recording, RetentionPolicy const& policy)
{
    if (recording.legal_hold) return std::nullopt;
    return recording.ended + std::max(policy.recordings, recording.asset_floor.value_or(days{0}));
}

bool may_purge(KeptRecording const& recording, RetentionPolicy const& policy, UtcTime now)
{
    // A policy that is itself below the floors purges nothing: it should never have been accepted.
    if (validate(policy)) return false;
    if (!recording.sealed || !recording.report_accepted) return false;
    auto const until = kept_until(recording, policy);
    return until && now >= *until;
}

UtcTime journal_kept_until(UtcTime entry, RetentionPolicy const& policy)
{
    auto const day = floor<days>(entry);
    auto const date = year_month_day{day} + policy.journal;
    // A day that the last month lacks is taken as the first of the next: longer, not shorter.
    auto const kept =
        date.ok() ? sys_days{date} : sys_days{date.year() / date.month() / last} + days{1};
    return kept + (entry - day);
}

} // namespace ecluse
