#pragma once

#include "common/loop.h"

#include <cstdint>
#include <string>

namespace ecluse::store {
struct Purgeable;
}

namespace ecluse::policyd {

struct Context;

/// Recordings past their term go, and what the journal's events say of people past theirs; nothing
/// else does: no request of any role destroys anything (CLAUSIER:O-6.5, CHM:8.15). Looks once an
/// hour. One recording at a time: decided and signed here, journaled, destroyed by the recorder,
/// journaled again.
class Purge {
public:
    static constexpr std::chrono::hours period{1};
    /// Soon after the start, when sessions and reports are settled.
    static constexpr std::chrono::seconds first_after{20};
    /// In one round; the others wait for the next.
    static constexpr std::int64_t round_max = 200;

    void start(Context& context);

private:
    void round();
    void erase_journal();
    void next();
    void decide(store::Purgeable const& recording);
    void done(std::string const& session, std::string const& certificate_sha256);

    Context* context_ = nullptr;
    Loop::Watch first_, hourly_;
    std::int64_t left_ = 0; // of this round
    bool busy_ = false;     // the recorder is asked
};

} // namespace ecluse::policyd
