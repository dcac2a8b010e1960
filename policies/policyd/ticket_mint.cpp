#include "policies/policyd/ticket_mint.h"

#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/facts.h"
#include "policies/policyd/refusal_text.h"
#include "policies/policyd/refusals.h"
#include "policies/store/assets.h"

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
    TicketWish const& wish
)
{
    auto const code = std::string{ecluse::code(denied.refusal)};
    auto const asset = wish.asset.value_or("-");
    auto const address = wish.from.to_string();
    auto const reference = ECLUSE_TRY(record_refusal(
        context,
        {.code = code,
         .door = caller.door,
         .address = caller.address,
         .login = caller.login,
         .person = caller.person,
         .asset = asset,
         .window = denied.window ? std::optional{denied.window->text()} : std::nullopt,
         .detail = wish.request + " from " + address}
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

bool waits(Denied const& denied, TicketWish const& wish)
{
    return wish.may_wait && waits_for_hospital(denied.refusal) && wish.window && wish.asset &&
           wish.account;
}

Result<ecluse::Request> request_of(Context& context, Caller const& caller, TicketWish const& wish)
{
    ecluse::Request asked{
        .person = PersonId{caller.person}, .from = wish.from, .protocol = wish.protocol};
    asked.function = wish.function;
    asked.account = wish.account;
    if (wish.window) asked.window = WindowId{*wish.window};
    if (wish.asset) {
        // A name that nobody has is refused like one that this person may not see (WEB:AA2).
        auto const asset = ECLUSE_TRY(store::find_asset(context.database, *wish.asset));
        asked.asset = AssetId{asset ? asset->id : *wish.asset};
    }
    return asked;
}

} // namespace

Result<std::variant<MintedTicket, Fault>>
mint_ticket(Context& context, Caller const& caller, Tickets& tickets, TicketWish const& wish)
{
    using Outcome = std::variant<MintedTicket, Fault>;
    auto const now = context.clock.decision_now();
    auto const asked = ECLUSE_TRY(request_of(context, caller, wish));
    Asking const asking{
        .person = caller.person,
        .vendor = ECLUSE_TRY(vendor_of(context, caller)).value_or(""),
        .from = wish.from,
        .factors = to_factors(caller.factors)};
    auto known = ECLUSE_TRY(load_facts(context, asking, asked.asset, now));
    auto const decision = judge(known, asked, now);
    auto const* const denied = std::get_if<Denied>(&decision);
    auto const* const granted = std::get_if<Granted>(&decision);
    if (denied && !waits(*denied, wish))
        return Outcome{ECLUSE_TRY(refused(context, caller, known, *denied, wish))};
    auto const clock = context.clock.monotonic();
    // Whichever comes first; the monotonic clock, because nobody can set it back.
    auto const until = granted
                           ? std::min(clock + wish.life, context.clock.deadline_of(granted->until))
                           : clock + wish.life;
    TicketUse const use{
        .person = caller.person,
        .address = wish.from.to_string(),
        .window = granted ? granted->window.text() : *wish.window,
        .asset = granted ? granted->asset->text() : asked.asset->text(),
        .account = granted ? granted->account : *wish.account,
        .factors = caller.factors,
        .login_sha256 = wish.login_sha256};
    auto ticket = tickets.mint(use, clock, until);
    if (!ticket) return Outcome{too_many_tickets()};
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
              {"protocol", to_code(wish.protocol)},
              {"for_address", use.address},
              {"life_s", life.count()}}}
    );
    if (!written) {
        // No evidence, no ticket.
        (void)tickets.redeem(ticket->reveal(), use.address, clock, use.login_sha256);
        return written.error();
    }
    return Outcome{MintedTicket{
        std::move(*ticket),
        use,
        granted ? known.asset_names[use.asset] : *wish.asset,
        life,
        granted ? std::optional{*granted} : std::nullopt}};
}

} // namespace ecluse::policyd
