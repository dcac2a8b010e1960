#include "policies/policyd/searches.h"

#include "policies/policyd/context.h"
#include "policies/policyd/operator_session.h"

#include <algorithm>

namespace ecluse::policyd {

bool may_search(Caller const& caller)
{
    return caller.has_role("rssi") || caller.has_role("auditor") || caller.has_role("log_manager");
}

bool Searches::may_begin(Caller const& caller) const
{
    auto const others = std::count_if(searches_.begin(), searches_.end(), [&](auto const& one) {
        return one.second->token_sha256 != caller.token_sha256;
    });
    return static_cast<std::size_t>(others) < searches_max;
}

void Searches::add(std::shared_ptr<Search> search)
{
    std::erase_if(searches_, [&](auto const& one) {
        return one.second->token_sha256 == search->token_sha256;
    });
    auto id = search->id;
    searches_.emplace(std::move(id), std::move(search));
    if (!rechecking_) rechecking_ = context_.loop.every(recheck_period, [this] { recheck(); });
}

std::shared_ptr<Search> Searches::find(std::string const& id, Caller const& caller) const
{
    auto const found = searches_.find(id);
    if (found == searches_.end() || found->second->person != caller.person ||
        found->second->token_sha256 != caller.token_sha256)
        return nullptr;
    return found->second;
}

void Searches::end(std::string const& id)
{
    searches_.erase(id);
}

void Searches::recheck()
{
    std::erase_if(searches_, [this](auto const& one) {
        auto const caller = operator_session::holder(context_, one.second->token_sha256);
        // What cannot be looked up cannot go on.
        return !caller || !*caller || !may_search(**caller);
    });
}

} // namespace ecluse::policyd
