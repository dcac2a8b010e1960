#pragma once

#include "common/result.h"

#include <string>

namespace ecluse::policyd {

struct Paths;

/// Gives up what policyd does not need, once its sockets are bound and before its first thread
/// (common/sandbox.h). Returns what to log about it.
[[nodiscard]] Result<std::string> confine_policyd(Paths const& paths);

} // namespace ecluse::policyd
