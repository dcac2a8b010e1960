#include "policies/policyd/listeners.h"

#include "policies/policyd/listener_role.h"

namespace ecluse::policyd {

void Listeners::remove(ListenerRole const* role)
{
    std::erase_if(roles_, [&](auto const& one) { return one.second == role; });
}

bool Listeners::start(Protocol door, std::string const& address, std::vector<Fd> descriptors)
{
    auto const found = roles_.find(door);
    if (found == roles_.end()) return false;
    found->second->push_start(address, std::move(descriptors));
    return true;
}

} // namespace ecluse::policyd
