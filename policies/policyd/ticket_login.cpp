#include "policies/policyd/ticket_login.h"

#include "common/json.h"
#include "common/log.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/login_person.h"
#include "policies/policyd/throttle_book.h"
#include "policies/store/database.h"

using namespace std::chrono_literals;

namespace ecluse::policyd {
namespace {

/// What a person reads when nothing could be judged.
constexpr auto wait_when_busy = 5s;
/// Nobody's login: a ticket counts for its address only. Its secret is not to be guessed, and one
/// technician's spoilt file must not delay the colleagues who share his address.
constexpr auto no_login = "(ticket)";

TicketVerdict refused(std::chrono::seconds wait)
{
    return {.verdict = {std::nullopt, wait}, .use = {}};
}

Result<TicketVerdict>
write_refusal(Context& context, PresentedTicket const& presented, std::string_view why, UtcTime now)
{
    auto const name = Tickets::public_part(presented.text);
    auto const& address = presented.address;
    json::object const event{
        {"actor", "unknown"},
        {"source", address},
        {"object", name.empty() ? "unreadable" : name},
        {"outcome", why},
        {"door", presented.door}};
    ECLUSE_TRY(context.journal.record(context.clock.utc_now(), "ticket.refused", event, [&] {
        return throttle_book::failed(context.database, "", address, now);
    }));
    return refused(ECLUSE_TRY(throttle_book::wait(context.database, no_login, address, now)));
}

Result<TicketVerdict> judge(Context& context, PresentedTicket const& presented)
{
    auto const& address = presented.address;
    auto const now = context.clock.decision_now();
    auto const wait = ECLUSE_TRY(throttle_book::wait(context.database, no_login, address, now));
    if (wait.count() > 0) {
        Attempt attempt;
        attempt.address = address;
        attempt.door = presented.door;
        context.authentication.note_throttled(context, attempt);
        return refused(wait);
    }
    auto redeemed = presented.tickets.redeem(
        presented.text, address, context.clock.monotonic(), presented.login_sha256
    );
    if (auto const* const why = std::get_if<TicketRefusal>(&redeemed))
        return write_refusal(context, presented, to_code(*why), now);
    auto& use = std::get<TicketUse>(redeemed);
    auto const person = ECLUSE_TRY(find_login_of(context.database, use.person));
    if (!person || person->state != "active")
        return write_refusal(context, presented, "person_not_active", now);
    auto const factors = use.factors + "+ticket";
    json::object const event{
        {"actor", person->id},
        {"source", address},
        {"object", Tickets::public_part(presented.text)},
        {"outcome", "success"},
        {"door", presented.door},
        {"login", person->login},
        {"factors", factors},
        {"window", use.window},
        {"asset", use.asset},
        {"account", use.account}};
    ECLUSE_TRY(context.journal.record(context.clock.utc_now(), "ticket.redeemed", event, [&] {
        return write_login(context.database, person->id, address, presented.door, now);
    }));
    return TicketVerdict{.verdict = {to_accepted(*person, factors), 0s}, .use = std::move(use)};
}

} // namespace

TicketVerdict redeem_ticket(Context& context, PresentedTicket const& presented)
{
    auto verdict = judge(context, presented);
    if (verdict) return std::move(*verdict);
    // No evidence, no entry.
    log(LogLevel::error, "ticket: " + verdict.error().what);
    return refused(wait_when_busy);
}

} // namespace ecluse::policyd
