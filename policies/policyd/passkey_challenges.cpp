#include "policies/policyd/passkey_challenges.h"

#include "common/bytes.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

constexpr std::size_t challenge_bytes = 32;

} // namespace

std::string PasskeyChallenges::issue(Asked asked, Deadline now)
{
    std::erase_if(issued_, [&](auto const& one) { return one.second.until <= now; });
    if (issued_.size() >= count_max)
        issued_.erase(std::min_element(
            issued_.begin(),
            issued_.end(),
            [](auto const& a, auto const& b) { return a.second.until < b.second.until; }
        ));
    auto challenge = random_bytes(challenge_bytes);
    issued_.emplace(challenge, Issued{std::move(asked), now + life});
    return challenge;
}

bool PasskeyChallenges::take(std::string_view challenge, Asked const& asked, Deadline now)
{
    auto const found = issued_.find(challenge);
    if (found == issued_.end()) return false;
    auto const issued = std::move(found->second);
    // Used up by the first who names it, rightly or not.
    issued_.erase(found);
    return now < issued.until && issued.asked == asked;
}

} // namespace ecluse::policyd
