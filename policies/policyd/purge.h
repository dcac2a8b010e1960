#pragma once

#include "common/loop.h"

#include <string>
#include <vector>

namespace ecluse::store {
struct Purgeable;
}

namespace ecluse::policyd {

struct Context;

/// Recordings past their term go, and what the journal's events say of people past theirs; nothing
/// else does: no request of any role destroys anything (CLAUSIER:O-6.5, CHM:8.15). Looks once an
/// hour. A recording's end is announced a week before it comes, so that a hold can still be placed
/// and a clock that is wrong be seen; a clock that jumps forward withdraws every announcement. Then
/// one recording at a time: decided and signed here, journaled, destroyed by the recorder,
/// journaled again. One that cannot be destroyed keeps no other.
class Purge {
public:
    static constexpr std::chrono::hours period{1};
    /// Soon after the start, when sessions and reports are settled.
    static constexpr std::chrono::seconds first_after{5};

    void start(Context& context);
    /// What the clock's new time would let go must be announced at that time.
    void clock_jumped(std::chrono::milliseconds moved);
    /// Less is an ordinary correction: a week's notice stays a week's notice.
    static constexpr std::chrono::hours jump_min{1};

private:
    void round();
    void erase_journal();
    void announce();
    void next();
    /// False when it was not asked of the recorder: nothing will come of it now.
    bool destroy(store::Purgeable const& recording);
    void done(std::string const& session, std::string const& certificate_sha256);

    Context* context_ = nullptr;
    Loop::Watch first_, hourly_;
    std::vector<std::string> due_; // sessions of this round, the last first
    bool busy_ = false;            // the recorder is asked
};

} // namespace ecluse::policyd
