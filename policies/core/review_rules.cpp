#include "policies/core/review_rules.h"

#include <algorithm>

namespace ecluse {

using namespace std::chrono;

Dormancy dormancy(AccountUse const& use, ReviewPolicy const& policy, UtcTime now)
{
    if (!use.announced || *use.announced < use.last_used)
        return now >= use.last_used + policy.dormant - dormancy_notice ? Dormancy::to_announce
                                                                       : Dormancy::used;
    return now >= suspended_from(use, policy) ? Dormancy::to_suspend : Dormancy::announced;
}

UtcTime suspended_from(AccountUse const& use, ReviewPolicy const& policy)
{
    auto const unused = use.last_used + policy.dormant;
    return use.announced ? std::max(unused, *use.announced + dormancy_notice) : unused;
}

UtcTime next_review(UtcTime last_one, ReviewPolicy const& policy)
{
    auto const day = floor<days>(last_one);
    auto const date = year_month_day{day} + policy.every;
    auto const due = date.ok() ? sys_days{date} : sys_days{date.year() / date.month() / last};
    return due + (last_one - day);
}

} // namespace ecluse
