#pragma once

#include "common/loop.h"

#include <chrono>

namespace ecluse::policyd {

struct Context;

/// A role that reaches its term ends every login of its holder at once: what a page already shows
/// goes with it, and the next login sees the roles that are left (CLAUSIER:O-12.3.7).
class RoleTerms {
public:
    static constexpr std::chrono::seconds period{1};

    void start(Context& context);

private:
    void round();

    Context* context_ = nullptr;
    Loop::Watch watching_;
};

} // namespace ecluse::policyd
