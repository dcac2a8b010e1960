#include "common/json.h"
#include "policies/policyd/context.h"
#include "policies/policyd/take_secret.h"
#include "policies/policyd/ticket_login.h"
#include "policies/policyd/worker_opening.h"
#include "policies/store/assets.h"

namespace ecluse::policyd {
namespace {

/// Longer than any ticket: what is only a little too long is refused, not a violation, because the
/// vendor typed it.
constexpr std::size_t ticket_bytes_max = 256;

} // namespace

Reply WorkerRole::redeem(Request& request)
{
    auto const ticket = take_secret(request.fields, "ticket", ticket_bytes_max);
    if (auto const done = Fields{request.fields}.finish(); !done)
        return Reply::violation(done.error().what);
    if (attempts_ >= limits().attempts_max)
        return Reply::violation("ticket.redeem: too many attempts");
    ++attempts_;
    auto judged = redeem_ticket(context_, {context_.tickets, ticket.reveal(), address_, door()});
    if (!judged.verdict.accepted) return refused_login(judged.verdict);
    accept(std::move(*judged.verdict.accepted));
    auto answer = welcome();
    ticket_ = std::move(judged.use);
    // The name that a person reads, and that `open` takes; without the asset nothing opens anyway.
    auto const asset = ECLUSE_TRY(store::find_asset(context_.database, ticket_->asset));
    answer["window"] = ticket_->window;
    answer["asset"] = asset ? asset->name : ticket_->asset;
    answer["account"] = ticket_->account;
    return answer;
}

} // namespace ecluse::policyd
