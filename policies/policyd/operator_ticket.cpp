#include "common/address.h"
#include "common/json.h"
#include "policies/config/config.h"
#include "policies/ctl/rdp_file.h"
#include "policies/policyd/door.h"
#include "policies/policyd/door_certificate.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/ticket_mint.h"

/// Tickets for RDP clients that can only send a name and a password: both factors are proved here,
/// and the ticket stands for them once (docs/requests.md §3bis, §5).
namespace ecluse::policyd {
namespace {

Reply mint(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const window = fields.optional_text("window", id_bytes_max);
    auto const asset_name = fields.optional_text("asset", name_bytes_max);
    auto const account = fields.optional_text("account", id_bytes_max);
    auto const from = fields.text("from", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (!window && !asset_name) return bad_value("window, asset", "vide");
    auto const address = SourceAddress::parse(from);
    if (!address) return bad_value("from", address.error().what);
    TicketWish const wish{
        .request = request.name,
        .protocol = Protocol::rdp,
        .function = Function::desktop,
        .from = *address,
        .life = std::chrono::seconds{context.config.rdp.ticket_s},
        .window = window,
        .asset = asset_name,
        .account = account};
    auto minted = ECLUSE_TRY(mint_ticket(context, caller, context.tickets, wish));
    if (auto* const fault = std::get_if<Fault>(&minted)) return std::move(*fault);
    auto const& given = std::get<MintedTicket>(minted);
    auto const& config = context.config;
    json::object answer{
        {"ticket", given.ticket.reveal()},
        {"life_s", given.life.count()},
        {"host", door_names(config).front()},
        {"port", config.rdp.port},
        {"window", given.use.window},
        {"asset", given.asset_name},
        {"account", given.use.account},
        {"from", given.use.address},
        {"until", to_iso(given.granted->until)},
        {"functions", function_array(given.granted->permissions, Protocol::rdp)}};
    // eclusectl writes the file itself; a page only saves it.
    if (caller.door == "portal") {
        std::vector<std::string> functions;
        for (auto const& word : answer.at("functions").as_array())
            functions.emplace_back(std::string_view{word.as_string()});
        answer["file"] = ctl::rdp_file(
            {.host = door_names(config).front(),
             .port = static_cast<std::uint16_t>(config.rdp.port),
             .ticket = given.ticket.reveal(),
             .functions = std::move(functions)}
        );
    }
    return answer;
}

} // namespace

void add_ticket_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "rdp.ticket", {{"technician"}, Access::roles, true}, &mint);
}

} // namespace ecluse::policyd
