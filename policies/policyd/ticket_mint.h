#pragma once

#include "common/address.h"
#include "policies/core/decide.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/tickets.h"

#include <chrono>
#include <optional>
#include <string>
#include <variant>

/// Both factors are proved when a ticket is asked for, and what it is to open is judged then as its
/// door will judge it again.
namespace ecluse::policyd {

struct TicketWish {
    std::string request; // "rdp.ticket": what a refusal says of itself
    Protocol protocol;
    Function function;
    SourceAddress from; // where it will be used
    std::chrono::seconds life;
    std::string login_sha256 = {}; // of a browser
    std::optional<std::string> window = {}, asset = {}, account = {};
    /// Given although the hospital still has to open the window: the door waits for it. Only when
    /// window, target and account are all named.
    bool may_wait = false;
};
struct MintedTicket {
    Secret ticket;
    TicketUse use;
    std::string asset_name;
    std::chrono::seconds life;
    std::optional<Granted> granted; // nothing: the hospital still has to open
};
/// Journaled before it is given, as a refusal is.
[[nodiscard]] Result<std::variant<MintedTicket, Fault>>
mint_ticket(Context& context, Caller const& caller, Tickets& tickets, TicketWish const& wish);

} // namespace ecluse::policyd
