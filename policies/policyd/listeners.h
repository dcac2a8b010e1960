#pragma once

#include "common/fd.h"
#include "policies/core/decide.h"

#include <map>
#include <string>
#include <vector>

namespace ecluse::policyd {

class ListenerRole;

/// The listeners that have greeted: who starts workers where no connection came in.
class Listeners {
public:
    void add(Protocol door, ListenerRole* role) { roles_[door] = role; }
    void remove(ListenerRole const* role);
    /// docs/requests.md §2: a worker and the terminal before it, for a browser at this address.
    /// False: that door is closed.
    [[nodiscard]] bool
    start(Protocol door, std::string const& address, std::vector<Fd> descriptors);

private:
    std::map<Protocol, ListenerRole*> roles_; // of a door's listeners the one that came last
};

} // namespace ecluse::policyd
