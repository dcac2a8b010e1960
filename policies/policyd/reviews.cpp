#include "policies/policyd/reviews.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/text.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/core/review_rules.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/purge.h"
#include "policies/policyd/withdrawal.h"
#include "policies/store/reviews.h"

namespace ecluse::policyd {
namespace {

using namespace std::chrono;

ReviewPolicy policy_of(Context const& context)
{
    auto const& accounts = context.config.accounts;
    return {
        .dormant = days{accounts.dormant_days},
        .every = months{accounts.review_months},
        .grace = days{accounts.review_grace_days}};
}

UtcTime at(std::int64_t seconds_utc)
{
    return UtcTime{seconds{seconds_utc}};
}

Language site_language(Context const& context)
{
    return parse_language(context.config.site.language).value_or(Language::french);
}

/// Suspends by a term; somebody who is not active has nothing to lose. False when the hospital
/// would lock itself out.
Result<bool> suspend(Context& context, std::string const& id, TextKey why)
{
    auto const person = ECLUSE_TRY(find_person(context, id));
    if (!person || (person->state != "active" && person->state != "invited")) return true;
    if (ECLUSE_TRY(store::is_last_of_its_role(context.database, id, seconds_now(context)))) {
        log(LogLevel::warning, "not suspended: nobody else holds a role of " + id);
        return false;
    }
    ECLUSE_TRY(withdraw_account(
        context,
        system_caller(),
        {.person = id,
         .before = person->state,
         .to = "suspended",
         .type = "person.suspended",
         .reason = text(site_language(context), why)}
    ));
    return true;
}

Result<> open_due(Context& context)
{
    auto const now = context.clock.decision_now();
    for (auto const& last : ECLUSE_TRY(store::last_reviews(context.database)))
        if (now >= next_review(at(last.at), policy_of(context)))
            (void)ECLUSE_TRY(open_review(context, system_caller(), last.vendor));
    return {};
}

Result<> suspend_unconfirmed(Context& context)
{
    auto const now = seconds_now(context);
    for (auto const& [review, person] :
         ECLUSE_TRY(store::overdue_verdicts(context.database, now))) {
        store::ReviewVerdict const verdict{
            .review = review,
            .person = person,
            .verdict = "unconfirmed",
            .comment = std::nullopt,
            .decided_by = std::nullopt,
            .decided_at = now};
        // The account first: should this end in between, the next round finds the row again.
        if (ECLUSE_TRY(suspend(context, person, TextKey::review_reason_unconfirmed)))
            (void)ECLUSE_TRY(store::set_verdict(context.database, verdict));
    }
    return {};
}

Result<> suspend_unused(Context& context)
{
    auto const policy = policy_of(context);
    auto const now = context.clock.decision_now();
    auto const before = (now - policy.dormant + dormancy_notice).time_since_epoch().count();
    for (auto const& account : ECLUSE_TRY(store::unused_accounts(context.database, before))) {
        AccountUse use{at(account.last_used), std::nullopt};
        if (account.announced) use.announced = at(*account.announced);
        auto const what = dormancy(use, policy, now);
        if (what == Dormancy::to_announce) {
            use.announced = now;
            ECLUSE_TRY(record_act(
                context,
                system_caller(),
                {.type = "person.dormancy_announced",
                 .object = account.person,
                 .details =
                     {{"last_used", to_iso(use.last_used)},
                      {"not_before", to_iso(suspended_from(use, policy))}}},
                [&] {
                    return store::announce_dormancy(
                        context.database, account.person, now.time_since_epoch().count()
                    );
                }
            ));
        } else if (what == Dormancy::to_suspend)
            (void)ECLUSE_TRY(suspend(context, account.person, TextKey::review_reason_unused));
    }
    return {};
}

} // namespace

Result<std::optional<std::string>>
open_review(Context& context, Caller const& caller, std::optional<std::string> const& vendor)
{
    auto const now = context.clock.decision_now();
    store::AccessReview const review{
        .id = random_id('B'),
        .vendor = vendor,
        .opened_at = now.time_since_epoch().count(),
        .due_at = (now + policy_of(context).grace).time_since_epoch().count(),
        .opened_by =
            caller.person == system_caller().person ? std::nullopt : std::optional{caller.person},
        .validated_at = std::nullopt};
    bool const opened = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "review.opened",
         .object = review.id,
         .details =
             {{"vendor", vendor ? json::value(*vendor) : json::value(nullptr)},
              {"due", to_iso(at(review.due_at))}}},
        [&] { return store::open_review(context.database, review); }
    ));
    if (!opened) return std::optional<std::string>{};
    return std::optional{review.id};
}

void Reviews::start(Context& context)
{
    context_ = &context;
    first_ = context.loop.after(first_after, [this] { round(); });
    hourly_ = context.loop.every(period, [this] { round(); });
}

void Reviews::round()
{
    struct Part {
        char const* what;
        Result<> (*work)(Context&);
    };
    for (auto const& part :
         {Part{"open reviews", &open_due},
          Part{"unconfirmed accounts", &suspend_unconfirmed},
          Part{"unused accounts", &suspend_unused}})
        if (auto const done = part.work(*context_); !done)
            log(LogLevel::error, std::string{part.what} + ": " + done.error().what);
    log(LogLevel::info, "accounts looked at");
}

void Reviews::clock_jumped(milliseconds moved)
{
    if (moved < Purge::jump_min) return;
    auto const by = ceil<seconds>(moved).count();
    std::int64_t withdrawn = 0, postponed = 0;
    auto const written = record_act_once(
        *context_,
        system_caller(),
        {.type = "review.clock_jumped", .object = "accounts", .details = {{"moved_s", by}}},
        [&]() -> Result<bool> {
            withdrawn = ECLUSE_TRY(store::withdraw_dormancies(context_->database));
            postponed = ECLUSE_TRY(store::postpone_reviews(context_->database, by));
            return withdrawn + postponed > 0;
        }
    );
    if (!written) return log(LogLevel::error, "accounts: " + written.error().what);
    if (*written)
        log(LogLevel::warning,
            "the clock jumped: " + std::to_string(withdrawn) + " suspensions withdrawn, " +
                std::to_string(postponed) + " reviews put off");
}

} // namespace ecluse::policyd
