#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/browser_seat.h"
#include "policies/policyd/gateway_secret.h"
#include "policies/policyd/listeners.h"
#include "policies/policyd/operator_gate.h"
#include "policies/policyd/public_key.h"
#include "policies/policyd/terminals.h"
#include "policies/policyd/ticket_login.h"
#include "policies/policyd/ticket_mint.h"
#include "policies/policyd/worker_role.h"
#include "policies/store/assets.h"

#include <sys/socket.h>

/// A shell of an open window in the browser, without a client (docs/requests.md §3ter,
/// docs/decisions/0026): both factors are proved for a ticket, which a page redeems with a
/// WebSocket.
namespace ecluse::policyd {
namespace {

/// The page opens its WebSocket with the next request.
constexpr std::chrono::seconds ticket_life{30};

Fault door_closed()
{
    return {"E-TRM-01", TextKey::terminal_closed_text, {}, TextKey::terminal_closed_remedy};
}

Fault no_ticket()
{
    return {"E-TRM-02", TextKey::terminal_ticket_text, {}, TextKey::terminal_ticket_remedy};
}

Reply mint(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const window = fields.text("window", id_bytes_max);
    auto const asset = fields.text("asset", name_bytes_max);
    auto const account = fields.text("account", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    // Only a browser's address is known to be one (docs/decisions/0015).
    auto const address = SourceAddress::parse(caller.address);
    if (!address || caller.door != "portal") return no_ticket();
    TicketWish const wish{
        .request = request.name,
        .protocol = Protocol::ssh,
        .function = Function::shell,
        .from = *address,
        .life = ticket_life,
        .login_sha256 = caller.token_sha256,
        .window = window,
        .asset = asset,
        .account = account,
        .may_wait = true};
    auto minted = ECLUSE_TRY(mint_ticket(context, caller, context.terminals.tickets(), wish));
    if (auto* const fault = std::get_if<Fault>(&minted)) return std::move(*fault);
    auto const& given = std::get<MintedTicket>(minted);
    return json::object{
        {"ticket", given.ticket.reveal()},
        {"life_s", given.life.count()},
        {"window", given.use.window},
        {"asset", given.asset_name},
        {"account", given.use.account}};
}

Result<std::vector<std::string>> door_fingerprints(Context& context)
{
    std::vector<std::string> keys;
    for (auto const* const name : {"ssh_host_ed25519", "ssh_host_rsa"}) {
        auto const kept = ECLUSE_TRY(gateway_secret::find(context, name));
        if (kept) keys.push_back(ECLUSE_TRY(parse_public_key(kept->public_half)).fingerprint);
    }
    return keys;
}

Result<std::pair<Fd, Fd>> socket_pair(int type)
{
    int pair[2];
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) != 0) return os_error("terminal");
    return std::pair{Fd{pair[0]}, Fd{pair[1]}};
}

Reply open(Context& context, Caller const& caller, Request& request, Answer const&)
{
    auto const ticket = take_secret(request.fields, "ticket");
    if (auto const done = Fields{request.fields}.finish(); !done)
        return Reply::violation(done.error().what);
    auto judged = redeem_ticket(
        context,
        {.tickets = context.terminals.tickets(),
         .text = ticket.reveal(),
         .address = caller.address,
         .door = caller.door,
         .login_sha256 = caller.token_sha256}
    );
    if (!judged.verdict.accepted) return no_ticket();
    auto const asset = ECLUSE_TRY(store::find_asset(context.database, judged.use->asset));
    if (!asset) return no_ticket();
    auto& person = *judged.verdict.accepted;
    auto const login = person.login + "+" + asset->name + "+" + judged.use->account;

    auto session = ECLUSE_TRY(socket_pair(SOCK_STREAM));
    auto page = ECLUSE_TRY(socket_pair(SOCK_SEQPACKET));
    auto orders = ECLUSE_TRY(PacketSocket::pair());
    auto policy = ECLUSE_TRY(PacketSocket::pair());
    auto seat = std::make_unique<BrowserSeat>(
        std::move(person), std::move(*judged.use), std::move(orders.first)
    );
    ECLUSE_TRY(seat->say_orders(login, ECLUSE_TRY(door_fingerprints(context))));
    std::vector<Fd> descriptors;
    descriptors.push_back(std::move(session.first));
    descriptors.push_back(policy.second.take());
    descriptors.push_back(std::move(session.second));
    descriptors.push_back(std::move(page.first));
    descriptors.push_back(orders.second.take());
    if (!context.listeners.start(Protocol::ssh, caller.address, std::move(descriptors)))
        return door_closed();
    WorkerRole::start_for_browser(
        context,
        std::move(policy.first),
        {.protocol = Protocol::ssh, .address = caller.address, .port = 0},
        std::move(seat)
    );
    std::vector<Fd> theirs;
    theirs.push_back(std::move(page.second));
    return {json::object{}, std::move(theirs)};
}

} // namespace

void add_terminal_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "terminal.ticket", {{"technician"}, Access::roles, true}, &mint);
    add_request(table, context, "terminal.open", {{"technician"}}, &open);
}

} // namespace ecluse::policyd
