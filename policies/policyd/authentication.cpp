#include "policies/policyd/authentication.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/loop.h"
#include "policies/core/passkey.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/factors.h"
#include "policies/policyd/login_person.h"
#include "policies/policyd/role.h"
#include "policies/policyd/throttle_book.h"
#include "policies/store/database.h"
#include "policies/vault/vault.h"

using namespace std::chrono_literals;

namespace ecluse::policyd {
namespace {

/// Longer than any password that was accepted at enrolment.
constexpr std::size_t password_bytes_max = 1024;
/// Throttled attempts are journaled once per address in this time: an attacker who goes on must not
/// write the journal full.
constexpr auto throttled_period = 10s;
constexpr std::size_t throttled_max = 1024;
/// What a person reads when nothing could be judged.
constexpr auto wait_when_busy = 5s;

factors::Store store_of(Context& context)
{
    return {context.database, context.vault};
}

} // namespace

struct Authentication::Job {
    Attempt attempt;
    std::function<void(Verdict)> done;
    bool signing = false; // somebody who is logged in signs an act: no login happens
    std::string hash;     // the person's, or the decoy
    bool password_right = false;

    void answer(Verdict verdict) const { done(std::move(verdict)); }
    void refuse(std::chrono::seconds wait) const { done(Verdict{std::nullopt, wait}); }
};

namespace {

/// Everything that the verdict rests on, read again after the pool: a second attempt with the same
/// code may have been accepted meanwhile.
struct Judged {
    std::optional<LoginPerson> person;
    std::optional<factors::Code> code;
    bool replayed = false;
    bool accepted = false;
};

/// Suspended people get in by SSH and RDP as far as the sentence that says so, nowhere else.
/// Vendors have the portal, the hospital its console: at the other's door an account looks unknown.
bool may_enter(std::string_view door, LoginPerson const& person)
{
    if (door == "ssh" || door == "rdp") return true;
    if (person.state != "active") return false;
    if (door == "portal") return !person.vendor.empty();
    if (door == "console") return person.vendor.empty();
    return true;
}

/// A code as typed, or a passkey's use, whose question must be one that was asked here, of this
/// person.
Result<factors::Found>
find_second(Context& context, Attempt const& attempt, std::string const& person, bool signing)
{
    auto const code = attempt.code.reveal();
    if (!code.starts_with(passkey_prefix))
        return factors::find_code(
            store_of(context), person, code, to_seconds(context.clock.utc_now())
        );
    auto const assertion = parse_assertion(code);
    auto const said = assertion ? parse_client_data(assertion->client_data)
                                : Result<PasskeyClientData>{assertion.error()};
    using Purpose = PasskeyChallenges::Purpose;
    PasskeyChallenges::Asked const asked{
        signing ? Purpose::sign : Purpose::login,
        signing ? person : std::string{},
        attempt.address,
        attempt.origin};
    if (!said ||
        !context.authentication.passkeys().take(said->challenge, asked, context.clock.monotonic()))
        return factors::Found{};
    return factors::find_passkey(store_of(context), person, *assertion, attempt.origin);
}

Result<Judged>
judge_now(Context& context, Attempt const& attempt, bool password_right, bool signing)
{
    Judged judged;
    judged.person = ECLUSE_TRY(find_login(context.database, attempt.login));
    if (!judged.person) return judged;
    bool const first =
        attempt.key
            ? ECLUSE_TRY(factors::has_key(store_of(context), judged.person->id, *attempt.key))
            : password_right;
    auto const found = ECLUSE_TRY(find_second(context, attempt, judged.person->id, signing));
    judged.code = found.code;
    judged.replayed = found.replayed;
    judged.accepted = first && found.code && may_enter(attempt.door, *judged.person);
    return judged;
}

json::object event_of(Attempt const& attempt, Judged const& judged, std::string_view outcome)
{
    return {
        {"actor", judged.person ? judged.person->id : "unknown"},
        {"source", attempt.address},
        {"object", judged.person ? judged.person->id : printable(attempt.login, 64)},
        {"outcome", outcome},
        {"door", attempt.door},
        {"login", printable(attempt.login, 64)}};
}

std::string factors_of(Attempt const& attempt, factors::Code const& code)
{
    return (attempt.key ? "ssh_key+" : "password+") + code.kind;
}

Result<> write_success(Context& context, Attempt const& attempt, Judged const& judged, bool signing)
{
    auto const at = context.clock.utc_now();
    auto const now = to_seconds(at);
    auto event = event_of(attempt, judged, signing ? "signed" : "success");
    event["factors"] = factors_of(attempt, *judged.code);
    auto const work = [&]() -> Result<> {
        ECLUSE_TRY(factors::consume(store_of(context), *judged.code, now));
        ECLUSE_TRY(throttle_book::succeeded(context.database, attempt.login, attempt.address));
        if (signing) return {};
        return write_login(context.database, judged.person->id, attempt.address, attempt.door, now);
    };
    ECLUSE_TRY(context.journal.record(at, "auth.success", event, work));
    if (judged.code->kind == "recovery")
        ECLUSE_TRY(context.journal.record(
            at, "credential.recovery_used", event_of(attempt, judged, judged.code->authenticator)
        ));
    return {};
}

Result<> write_failure(Context& context, Attempt const& attempt, Judged const& judged, UtcTime now)
{
    auto const at = context.clock.utc_now();
    auto const type = judged.replayed ? "credential.replayed" : "auth.failure";
    ECLUSE_TRY(context.journal
                   .record(at, type, event_of(attempt, judged, "refused"), [&]() -> Result<> {
                       ECLUSE_TRY(throttle_book::failed(
                           context.database, attempt.login, attempt.address, now
                       ));
                       if (!judged.person) return {};
                       ECLUSE_TRY(context.database.run(
                           "UPDATE person SET failures_since = failures_since + 1 WHERE id = $1",
                           {judged.person->id}
                       ));
                       return {};
                   }));
    return {};
}

} // namespace

Authentication::Authentication() : decoy_hash_{hash_password(random_bytes(16))} {}

void Authentication::judge(Context& context, Attempt attempt, std::function<void(Verdict)> done)
{
    auto const job = std::make_shared<Job>();
    job->attempt = std::move(attempt);
    job->done = std::move(done);
    begin(context, job);
}

void Authentication::sign_again(
    Context& context,
    Secret password,
    Secret code,
    Caller const& caller,
    std::function<void(Verdict)> done
)
{
    auto const job = std::make_shared<Job>();
    auto const row =
        context.database.row("SELECT login FROM person WHERE id = $1", {caller.person});
    // Nobody by that id: judged like an unknown account.
    if (row && *row) job->attempt.login = (*row)->text("login");
    job->attempt.password = std::move(password);
    job->attempt.code = std::move(code);
    job->attempt.address = caller.address;
    job->attempt.door = caller.door;
    job->attempt.origin = caller.origin;
    job->done = std::move(done);
    job->signing = true;
    begin(context, job);
}

void Authentication::begin(Context& context, std::shared_ptr<Job> job)
{
    auto const& attempt = job->attempt;
    auto const wait = throttle_book::wait(
        context.database, attempt.login, attempt.address, context.clock.decision_now()
    );
    if (!wait) {
        log(LogLevel::error, "authentication: " + wait.error().what);
        return job->refuse(wait_when_busy);
    }
    if (wait->count() > 0) {
        note_throttled(context, attempt);
        return job->refuse(*wait);
    }
    // A key that nobody enrolled and one without its code cost the same without any hashing: there
    // is no password to guess on this road.
    if (attempt.key) return decide(context, *job);
    if (waiting_.size() >= waiting_max) return job->refuse(wait_when_busy);
    auto const person = find_login(context.database, attempt.login);
    job->hash = decoy_hash_;
    if (person && *person)
        if (auto const hash = factors::password_hash(store_of(context), (*person)->id);
            hash && *hash)
            job->hash = **hash;
    waiting_.push_back(std::move(job));
    next(context);
}

void Authentication::next(Context& context)
{
    if (in_pool_ >= in_pool_max || waiting_.empty()) return;
    auto const job = std::move(waiting_.front());
    waiting_.pop_front();
    ++in_pool_;
    context.loop.in_pool(
        [job] {
            auto const password = job->attempt.password.reveal();
            bool const right = verify_password(password.substr(0, password_bytes_max), job->hash);
            job->password_right = right && password.size() <= password_bytes_max;
        },
        [this, &context, job] {
            --in_pool_;
            decide(context, *job);
            next(context);
        }
    );
}

void Authentication::decide(Context& context, Job& job)
{
    auto const& attempt = job.attempt;
    auto const now = context.clock.decision_now(); // one instant: what is answered is what is kept
    // Several attempts may have waited side by side: only the first of them is free of the delay.
    auto const wait = throttle_book::wait(context.database, attempt.login, attempt.address, now);
    if (!wait) return job.refuse(wait_when_busy);
    if (wait->count() > 0) return job.refuse(*wait);
    auto const judged = judge_now(context, attempt, job.password_right, job.signing);
    if (!judged) {
        log(LogLevel::error, "authentication: " + judged.error().what);
        return job.refuse(wait_when_busy);
    }
    auto const written = judged->accepted ? write_success(context, attempt, *judged, job.signing)
                                          : write_failure(context, attempt, *judged, now);
    if (!written) {
        // No evidence, no entry.
        log(LogLevel::error, "authentication: " + written.error().what);
        return job.refuse(wait_when_busy);
    }
    if (judged->accepted)
        return job.answer(Verdict{
            to_accepted(*judged->person, factors_of(attempt, *judged->code)), 0s});
    auto const next_wait =
        throttle_book::wait(context.database, attempt.login, attempt.address, now);
    job.refuse(next_wait ? *next_wait : wait_when_busy);
}

void Authentication::note_throttled(Context& context, Attempt const& attempt)
{
    auto const now = context.clock.monotonic();
    if (throttled_.size() >= throttled_max) throttled_.clear();
    auto const [entry, is_new] = throttled_.try_emplace(attempt.address, now);
    if (!is_new && now - entry->second < throttled_period) return;
    entry->second = now;
    auto const done = context.journal.record(
        context.clock.utc_now(), "auth.throttled", event_of(attempt, Judged{}, "delayed")
    );
    if (!done) log(LogLevel::error, "journal auth.throttled: " + done.error().what);
}

bool Authentication::key_acceptable(Context& context, std::string_view login, std::string_view key)
{
    auto const person = find_login(context.database, login);
    if (!person || !*person) return false;
    auto const known = factors::has_key(store_of(context), (*person)->id, key);
    return known && *known;
}

} // namespace ecluse::policyd
