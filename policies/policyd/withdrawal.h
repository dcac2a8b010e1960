#pragma once

#include "common/result.h"

#include <cstdint>
#include <string>

namespace ecluse::policyd {

struct Caller;
struct Context;

/// An account that is taken out of use: suspended, blocked or archived.
struct Withdrawal {
    std::string person, before, to;
    std::string type;   // of the event: "person.suspended"
    std::string reason; // kept with the account, shown with it
};
/// At once: every login of the person and every live session ends with it. How many sessions did.
[[nodiscard]] Result<std::int64_t>
withdraw_account(Context& context, Caller const& caller, Withdrawal const& withdrawal);

} // namespace ecluse::policyd
