#include "policies/policyd/replay_views.h"

#include "common/bytes.h"

#include <utility>

namespace ecluse::policyd {

std::string ReplayViews::add(ReplayView view)
{
    auto const id = random_id('V');
    if (order_.size() >= views_max) {
        views_.erase(order_.front());
        order_.erase(order_.begin());
    }
    order_.push_back(id);
    views_.emplace(id, std::move(view));
    return id;
}

ReplayView const* ReplayViews::find(std::string const& id, Caller const& caller) const
{
    auto const found = views_.find(id);
    if (found == views_.end() || found->second.person != caller.person ||
        found->second.token_sha256 != caller.token_sha256)
        return nullptr;
    return &found->second;
}

} // namespace ecluse::policyd
