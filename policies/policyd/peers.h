#pragma once

#include <cstddef>
#include <map>
#include <memory>

namespace ecluse::policyd {

/// Keeps the roles of open connections alive; each leaves when its connection has closed.
class Peers {
public:
    void keep(std::shared_ptr<void> role) { roles_.emplace(role.get(), role); }
    void drop(void const* role) { roles_.erase(role); }
    void drop_all() { roles_.clear(); }
    [[nodiscard]] std::size_t count() const { return roles_.size(); }

private:
    std::map<void const*, std::shared_ptr<void>> roles_;
};

} // namespace ecluse::policyd
