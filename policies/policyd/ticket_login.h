#pragma once

#include "policies/policyd/authentication.h"
#include "policies/policyd/tickets.h"

namespace ecluse::policyd {

struct Context;

/// A ticket as it is presented, at the RDP door or by a page of the portal.
struct PresentedTicket {
    Tickets& tickets; // those of this door
    std::string_view text;
    std::string address, door;
    std::string login_sha256 = {}; // of the page
};
struct TicketVerdict {
    Verdict verdict;
    std::optional<TicketUse> use; // when accepted: all that may be opened with it
};
/// Throttled by address as failed logins are, journaled before it is answered; every refusal looks
/// the same. The person must still be active; everything else is decided by the `open` that
/// follows.
[[nodiscard]] TicketVerdict redeem_ticket(Context& context, PresentedTicket const& presented);

} // namespace ecluse::policyd
