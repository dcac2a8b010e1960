#pragma once

#include "common/result.h"
#include "common/time.h"

#include <string>
#include <string_view>

namespace ecluse::policyd {

struct Context;
struct Ending;

/// The life of windows in the database: what the clock does to them, and the closing that people
/// and clock share.
class Windows {
public:
    /// approved → open (auto, at its start), open → closed (at its end), approved or requested →
    /// expired (never opened). Each change is journaled with its row; a closed window that was used
    /// gets its report, due. Called at start and every second.
    Result<> tick(Context& context);

    /// open → closed with actor and reason, the report made due when a session took place, live
    /// sessions ended with `ending`. For the operator's `window.close` and for the clock.
    Result<> close(
        Context& context,
        std::string_view window,
        std::string_view actor,
        std::string_view reason,
        Ending const& ending
    );
};

} // namespace ecluse::policyd
