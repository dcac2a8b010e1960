#pragma once

#include "common/time.h"

#include <chrono>
#include <optional>

/// Accounts that nobody uses, and who looks over those that are used: CHM:2.6, WEB:GA4.
namespace ecluse {

/// Between the announcement that an unused account will be suspended and its suspension: time to
/// use it, or to see that a clock is wrong.
inline constexpr std::chrono::days dormancy_notice{14};

struct ReviewPolicy {
    std::chrono::days dormant{90};
    std::chrono::months every{6};
    std::chrono::days grace{15}; // for whoever confirms the accounts of a review
};

/// Last used: its last login, or when somebody of the hospital last put it into use.
struct AccountUse {
    UtcTime last_used;
    std::optional<UtcTime> announced;
};
enum class Dormancy { used, to_announce, announced, to_suspend };
/// An announcement from before the last use counts for nothing.
[[nodiscard]] Dormancy dormancy(AccountUse const& use, ReviewPolicy const& policy, UtcTime now);
/// When an announced account goes, if nobody uses it.
[[nodiscard]] UtcTime suspended_from(AccountUse const& use, ReviewPolicy const& policy);

/// When accounts are reviewed next. Calendar months, never later than the day they say: 31 August
/// and six months is 28 February.
[[nodiscard]] UtcTime next_review(UtcTime last, ReviewPolicy const& policy);

} // namespace ecluse
