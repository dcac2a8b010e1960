#pragma once

#include "common/fd.h"
#include "common/result.h"

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::policyd {

struct Context;

/// The ranges from which a connection is answered at all: approved, in date, of an active vendor in
/// contract. CLAUSIER:O-12.2.5.3.
class Sources {
public:
    /// Recomputes from the database; when the list changed, pushes it to every listener and ends
    /// live sessions whose address is no longer declared for their vendor. Called at each tick, and
    /// by whoever changes a vendor, its contract or a source, right after the change.
    Result<> refresh(Context& context);

    [[nodiscard]] bool declared(std::string_view address) const;
    [[nodiscard]] bool declared_for(std::string_view vendor, std::string_view address) const;
    /// One CIDR per line, sorted, each once.
    [[nodiscard]] Result<Fd> list() const;

    using Listener = std::function<void()>;
    void add_listener(Listener const* listener) { listeners_.insert(listener); }
    void remove_listener(Listener const* listener) { listeners_.erase(listener); }

private:
    struct Declared {
        std::string vendor, range;
        friend auto operator<=>(Declared const&, Declared const&) = default;
    };
    std::vector<Declared> declared_;
    std::set<Listener const*> listeners_;
};

} // namespace ecluse::policyd
