#include "common/json.h"
#include "policies/policyd/browser_seat.h"
#include "policies/policyd/context.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/terminals.h"
#include "policies/policyd/worker_opening.h"

/// A worker whose vendor is a browser: how it logs in, and what its page is told beside the
/// terminal (docs/requests.md §3ter).
namespace ecluse::policyd {

void WorkerRole::take_seat(std::unique_ptr<BrowserSeat> seat)
{
    seat_ = std::move(seat);
    context_.terminals.add(this, seat_->use().login_sha256, [this] { login_over(); });
}

Reply WorkerRole::finish_for_browser(Attempt const& attempt)
{
    // INVARIANT: the word that policyd itself gave to this connection's terminal, once; no password
    // and no code opens a connection that has a seat, and no word one that has none.
    auto person = attempt.key ? std::nullopt : seat_->log_in(attempt.login, attempt.password);
    if (!person) return refused_login({std::nullopt, std::chrono::seconds{0}});
    accept(std::move(*person));
    ticket_ = seat_->use();
    return welcome();
}

void WorkerRole::login_over()
{
    auto const ending = endings::login_over();
    if (context_.live.cut(session_, ending) > 0) return;
    tell_page_end(ending, person_.language);
    connection_->close();
}

void WorkerRole::tell_page(json::object const& notice) const
{
    if (seat_) seat_->say(notice);
}

void WorkerRole::tell_page_refused(json::object const& refusal) const
{
    tell_page(
        {{"say", "refused"},
         {"code", refusal.at("code")},
         {"reason", refusal.at("reason")},
         {"next", refusal.at("next")},
         {"action", refusal.at("action")},
         {"reference", refusal.at("reference")},
         {"wait", refusal.at("wait")}}
    );
}

void WorkerRole::tell_page_granted(LiveSession const& session) const
{
    tell_page(
        {{"say", "session"},
         {"session", session.id},
         {"window", session.window},
         {"asset", session.asset_name},
         {"account", session.account},
         {"until", to_iso(session.until)}}
    );
}

void WorkerRole::tell_page_paused(bool paused) const
{
    tell_page({{"say", "paused"}, {"paused", paused}});
}

void WorkerRole::push_watched(bool watched)
{
    tell_page({{"say", "watched"}, {"watched", watched}});
}

} // namespace ecluse::policyd
