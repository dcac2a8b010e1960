#pragma once

#include "common/result.h"

#include <string>

namespace ecluse {
struct Config;
}

namespace ecluse::policyd {

struct Paths;

/// Gives up what policyd does not need, once its sockets are bound and before its first thread
/// (common/sandbox.h). Returns what to log about it.
/// With what the configuration names outside our own folders.
[[nodiscard]] Result<std::string> confine_policyd(Paths const& paths, Config const& config);

} // namespace ecluse::policyd
