#include "common/address.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/ctl/rdp_file.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/door.h"
#include "policies/policyd/door_certificate.h"
#include "policies/policyd/facts.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/refusal_text.h"
#include "policies/policyd/refusals.h"
#include "policies/policyd/tickets.h"
#include "policies/store/assets.h"

/// Tickets for RDP clients that can only send a name and a password: both factors are proved here,
/// and the ticket stands for them once (docs/requests.md §3bis, §5).
namespace ecluse::policyd {
namespace {

Fault too_many_tickets()
{
    return {
        "E-TIC-01",
        TextKey::operator_ticket_many_text,
        {{"count", std::to_string(Tickets::per_person_max)}},
        TextKey::operator_ticket_many_remedy};
}

/// Refused as the door would, and recorded so that the DSI finds it again.
Result<Fault> refused(
    Context& context,
    Caller const& caller,
    Known const& known,
    Denied const& denied,
    std::string const& asset,
    std::string const& address
)
{
    auto const code = std::string{ecluse::code(denied.refusal)};
    auto const reference = ECLUSE_TRY(record_refusal(
        context,
        {.code = code,
         .door = caller.door,
         .address = caller.address,
         .login = caller.login,
         .person = caller.person,
         .asset = asset,
         .window = denied.window ? std::optional{denied.window->text()} : std::nullopt,
         .detail = "rdp.ticket from " + address}
    ));
    auto const words = refusal_object(
        context,
        denied,
        {.address = address, .company = known.company, .asset = asset, .account = "-"},
        reference,
        caller.language
    );
    return Fault{
        code,
        TextKey::operator_ticket_refused_text,
        {{"reason", std::string{words.at("reason").get_string()}},
         {"action", std::string{words.at("action").get_string()}},
         {"reference", reference}},
        TextKey::operator_ticket_refused_remedy};
}

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
    auto const now = context.clock.decision_now();
    ecluse::Request asked{
        .person = PersonId{caller.person}, .from = *address, .protocol = Protocol::rdp};
    asked.function = Function::desktop;
    asked.account = account;
    if (window) asked.window = WindowId{*window};
    if (asset_name) {
        // A name that nobody has is refused like one that this person may not see (WEB:AA2).
        auto const asset = ECLUSE_TRY(store::find_asset(context.database, *asset_name));
        asked.asset = AssetId{asset ? asset->id : *asset_name};
    }
    Asking const asking{
        .person = caller.person,
        .vendor = ECLUSE_TRY(vendor_of(context, caller)).value_or(""),
        .from = *address,
        .factors = to_factors(caller.factors)};
    auto known = ECLUSE_TRY(load_facts(context, asking, asked.asset, now));
    auto const decision = judge(known, asked, now);
    if (auto const* const denied = std::get_if<Denied>(&decision))
        return ECLUSE_TRY(
            refused(context, caller, known, *denied, asset_name.value_or("-"), address->to_string())
        );
    auto const& granted = std::get<Granted>(decision);
    auto const clock = context.clock.monotonic();
    // Whichever comes first; the monotonic clock, because nobody can set it back.
    auto const until = std::min(
        clock + std::chrono::seconds{context.config.rdp.ticket_s},
        context.clock.deadline_of(granted.until)
    );
    TicketUse const use{
        .person = caller.person,
        .address = address->to_string(),
        .window = granted.window.text(),
        .asset = granted.asset->text(),
        .account = granted.account,
        .factors = caller.factors};
    auto const ticket = context.tickets.mint(use, clock, until);
    if (!ticket) return too_many_tickets();
    auto const life = std::chrono::duration_cast<std::chrono::seconds>(until - clock);
    auto const written = record_act(
        context,
        caller,
        {.type = "ticket.minted",
         .object = Tickets::public_part(ticket->reveal()),
         .details =
             {{"window", use.window},
              {"asset", use.asset},
              {"account", use.account},
              {"for_address", use.address},
              {"life_s", life.count()}}}
    );
    if (!written) {
        // No evidence, no ticket.
        (void)context.tickets.redeem(ticket->reveal(), use.address, clock);
        return written.error();
    }
    auto const& config = context.config;
    json::object answer{
        {"ticket", ticket->reveal()},
        {"life_s", life.count()},
        {"host", door_names(config).front()},
        {"port", config.rdp.port},
        {"window", use.window},
        {"asset", known.asset_names[use.asset]},
        {"account", use.account},
        {"from", use.address},
        {"until", to_iso(granted.until)},
        {"functions", function_array(granted.permissions, Protocol::rdp)}};
    // eclusectl writes the file itself; a page only saves it.
    if (caller.door == "portal") {
        std::vector<std::string> functions;
        for (auto const& word : answer.at("functions").as_array())
            functions.emplace_back(std::string_view{word.as_string()});
        answer["file"] = ctl::rdp_file(
            {.host = door_names(config).front(),
             .port = static_cast<std::uint16_t>(config.rdp.port),
             .ticket = ticket->reveal(),
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
