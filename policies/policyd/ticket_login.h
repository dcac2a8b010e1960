#pragma once

#include "policies/policyd/authentication.h"
#include "policies/policyd/tickets.h"

namespace ecluse::policyd {

struct Context;

/// A ticket presented at the RDP door.
struct TicketVerdict {
    Verdict verdict;
    std::optional<TicketUse> use; // when accepted: all that may be opened with it
};
/// Throttled by address as failed logins are, journaled before it is answered; every refusal looks
/// the same. The person must still be active; everything else is decided by the `open` that
/// follows.
[[nodiscard]] TicketVerdict
redeem_ticket(Context& context, std::string_view ticket, std::string const& address);

} // namespace ecluse::policyd
