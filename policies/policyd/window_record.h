#pragma once

#include "common/result.h"
#include "policies/core/window_rules.h"
#include "policies/store/windows.h"

#include <string>

namespace ecluse::policyd {

struct Caller;
struct Context;

/// The stored window as the rules know it, with the care hours of its assets.
[[nodiscard]] Result<WindowRecord> to_record(Context& context, store::Window const& window);
[[nodiscard]] Result<WindowActor>
to_actor(Context& context, Caller const& caller, std::string const& vendor);
[[nodiscard]] WindowPolicy window_policy(Context const& context);

} // namespace ecluse::policyd
