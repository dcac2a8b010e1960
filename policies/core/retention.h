#pragma once

#include "common/time.h"
#include "policies/core/fault.h"

#include <chrono>
#include <optional>

/// How long evidence is kept, and when it may go: CLAUSIER:O-6.5, CHM:8.15.
namespace ecluse {

inline constexpr std::chrono::months journal_kept_min{18};
inline constexpr std::chrono::days recordings_kept_default{180};
/// A recording must outlive the time in which somebody notices that something is wrong.
inline constexpr std::chrono::days recordings_kept_min{30};
/// Between the announcement that a recording will go and its end: time to place a hold, or to see
/// that a clock is wrong.
inline constexpr std::chrono::days purge_notice{7};

struct RetentionPolicy {
    std::chrono::months journal = journal_kept_min;
    std::chrono::days recordings = recordings_kept_default;
};
/// `floor`: the per-asset minimum, when the asset has one.
[[nodiscard]] std::optional<Fault> validate(RetentionPolicy const& policy);
[[nodiscard]] std::optional<Fault> validate_asset_retention(
    std::chrono::days asked, std::optional<std::chrono::days> floor = std::nullopt
);

/// One recording and what is said about keeping it.
struct KeptRecording {
    UtcTime ended;
    std::optional<std::chrono::days>
        asset_floor; // this asset's recordings are kept at least so long
    bool legal_hold = false;
    bool sealed = false;
    bool report_accepted = false; // its report may still need the evidence
};
/// When its time is over; a legal hold has no end.
[[nodiscard]] std::optional<UtcTime>
kept_until(KeptRecording const& recording, RetentionPolicy const& policy);
[[nodiscard]] bool
may_purge(KeptRecording const& recording, RetentionPolicy const& policy, UtcTime now);

/// The journal, by entry. Calendar months; 31 August + 18 months is 1 March, never earlier.
[[nodiscard]] UtcTime journal_kept_until(UtcTime entry, RetentionPolicy const& policy);

} // namespace ecluse
