#pragma once

#include "common/time.h"
#include "policies/policyd/reply.h"

#include <functional>
#include <string>

namespace ecluse::policyd {

struct Caller;
struct Context;

struct ExtensionAct {
    std::string window;
    std::optional<UtcTime> closes;
    std::string reason;
    /// Written in the same transaction; an error undoes the extension.
    std::function<Result<>()> also = nullptr;
};
/// Lengthens a window and its live sessions, by whoever may: the DSI itself, or its answer to a
/// technician who asked.
[[nodiscard]] Reply extend_window(Context& context, Caller const& caller, ExtensionAct const& act);

} // namespace ecluse::policyd
