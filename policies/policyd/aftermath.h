#pragma once

#include "common/result.h"

namespace ecluse::policyd {

struct Context;

/// At start: sessions that an earlier life of policyd left open ended when it did (their workers
/// hold the other end of its sockets). Writes that down; their windows' reports follow as usual.
Result<> close_lost_sessions(Context& context);

} // namespace ecluse::policyd
