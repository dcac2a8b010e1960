#pragma once

#include "policies/policyd/role.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace ecluse::policyd {

/// One login's right to one recording, opened with a reason.
struct ReplayView {
    std::string session, person, token_sha256;
};

/// Those who watch recordings; the oldest goes when there are too many, and must be opened again.
class ReplayViews {
public:
    static constexpr std::size_t views_max = 200;

    std::string add(ReplayView view);
    /// Only for the login that opened it: it ends with it.
    [[nodiscard]] ReplayView const* find(std::string const& id, Caller const& caller) const;

private:
    std::map<std::string, ReplayView> views_;
    std::vector<std::string> order_;
};

} // namespace ecluse::policyd
