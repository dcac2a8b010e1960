#include "policies/policyd/worker_role.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "policies/journal/journal.h"
#include "policies/policyd/browser_seat.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/door.h"
#include "policies/policyd/peers.h"
#include "policies/policyd/take_secret.h"
#include "policies/policyd/terminals.h"
#include "policies/policyd/violations.h"
#include "policies/policyd/worker_opening.h"

namespace ecluse::policyd {
namespace {

constexpr std::size_t login_bytes_max = 128;
constexpr std::size_t key_bytes_max = 16 * 1024;
constexpr std::size_t secret_bytes_max = 1024;
/// The worker has its own limit; ours covers a worker that does not obey it.
constexpr std::chrono::seconds auth_slack{5};

} // namespace

void WorkerRole::start(Context& context, PacketSocket socket, Origin origin)
{
    start(context, std::move(socket), std::make_shared<WorkerRole>(context, std::move(origin)));
}

void WorkerRole::start_for_browser(
    Context& context, PacketSocket socket, Origin origin, std::unique_ptr<BrowserSeat> seat
)
{
    auto role = std::make_shared<WorkerRole>(context, std::move(origin));
    role->take_seat(std::move(seat));
    start(context, std::move(socket), std::move(role));
}

void WorkerRole::start(Context& context, PacketSocket socket, std::shared_ptr<WorkerRole> role)
{
    auto* const self = role.get();
    role->connection_ = std::make_shared<Connection>(
        context.loop,
        std::move(socket),
        Connection::Hooks{
            .table = &self->table_,
            .handle = [](RequestRow const& row, Request request, Answer answer
                      ) { Connection::run_row(row, Caller{}, std::move(request), answer); },
            .language = [self] { return self->person_.language; },
            .violated =
                [self](std::string const& why) {
                    self->worker_reason_ = "protocol_error";
                    journal_violation(self->context_, "worker", self->address_, why);
                },
            .closed =
                [self] {
                    self->closed();
                    self->context_.peers.drop(self);
                }}
    );
    auto const limit = std::chrono::seconds{role->limits().auth_timeout_s} + auth_slack;
    role->auth_limit_ = context.loop.after(limit, [self] { self->connection_->close(); });
    role->connection_->start();
    context.peers.keep(std::move(role));
}

WorkerRole::WorkerRole(Context& context, Origin origin)
    : context_{context}, protocol_{origin.protocol}, address_{std::move(origin.address)},
      id_{random_id('C')}, port_{origin.port}
{
    add_requests();
}

WorkerRole::~WorkerRole()
{
    context_.terminals.remove(this);
}

Config::Door const& WorkerRole::limits() const
{
    return limits_of(context_.config, protocol_);
}

void WorkerRole::add_requests()
{
    auto const at = [this](Stage stage) { return [this, stage] { return stage_ == stage; }; };
    // Events of a session that has just ended are still on their way: not a fault, and not kept.
    auto const in_session = [this] { return had_session_; };
    auto const may_tell = [this] { return had_session_ || stage_ == Stage::authenticated; };
    auto const add =
        [this](
            std::string name, auto handler, std::function<bool()> allowed, bool answered, bool once
        ) {
            table_.add(
                std::move(name),
                {.handler = [this,
                             handler](auto&, Request& request, Answer const& answer) -> Reply {
                     if constexpr (std::is_invocable_v<
                                       decltype(handler),
                                       WorkerRole&,
                                       Request&,
                                       Answer const&>)
                         return (this->*handler)(request, answer);
                     else
                         return (this->*handler)(request);
                 },
                 .once = once,
                 .answered = answered,
                 .allowed = std::move(allowed)}
            );
        };
    add("worker.hello", &WorkerRole::hello, at(Stage::connected), true, true);
    // Keys belong to SSH, tickets to RDP: at the other door they are not in the table at all.
    if (is_ssh())
        add("auth.probe", &WorkerRole::probe, at(Stage::greeted), true, false);
    else
        add("ticket.redeem", &WorkerRole::redeem, at(Stage::greeted), true, false);
    add("auth.finish", &WorkerRole::finish, at(Stage::greeted), true, false);
    auto const before_both = [this] {
        return stage_ == Stage::greeted || stage_ == Stage::judging;
    };
    add("auth.incomplete", &WorkerRole::incomplete, before_both, false, true);
    add("menu", &WorkerRole::menu, at(Stage::authenticated), true, false);
    add("open", &WorkerRole::open, at(Stage::authenticated), true, false);
    add("event", &WorkerRole::event, may_tell, false, false);
    add("target.failed", &WorkerRole::target_failed, in_session, true, true);
    // A worker may end at any moment after its greeting, also before anybody logged in.
    add(
        "ended", &WorkerRole::ended, [this] { return stage_ != Stage::connected; }, false, true
    );
}

Reply WorkerRole::hello(Request& request)
{
    Fields fields{request.fields};
    if (fields.text("protocol", 16) != door()) fields.fault("protocol", "not of this door");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto keys = ECLUSE_TRY(identity_files(context_, protocol_));
    stage_ = Stage::greeted;
    auto answer = greeting(context_.config, protocol_);
    answer["connection"] = id_;
    answer["source"] = address_;
    return {std::move(answer), std::move(keys)};
}

Reply WorkerRole::probe(Request& request)
{
    Fields fields{request.fields};
    auto const login = fields.text("login", login_bytes_max);
    auto const key = fields.text("key", key_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    last_login_ = login;
    return json::object{
        {"acceptable", context_.authentication.key_acceptable(context_, login, key)}};
}

Reply WorkerRole::finish(Request& request, Answer const& answer)
{
    Attempt attempt;
    attempt.password = take_secret(request.fields, "password", secret_bytes_max);
    attempt.code = take_secret(request.fields, "code", secret_bytes_max);
    Fields fields{request.fields};
    attempt.login = last_login_ = fields.text("login", login_bytes_max);
    if (is_ssh()) attempt.key = fields.optional_text("key", key_bytes_max);
    attempt.address = address_;
    attempt.door = door();
    if (attempt.key && !attempt.password.empty()) fields.fault("password", "with a key");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (attempts_ >= limits().attempts_max)
        return Reply::violation("auth.finish: too many attempts");
    ++attempts_;
    if (seat_) return finish_for_browser(attempt);
    stage_ = Stage::judging;
    // The role may be gone when the pool has answered: then nobody is logged in.
    context_.authentication.judge(
        context_,
        std::move(attempt),
        [this, alive = std::weak_ptr{connection_}, answer](Verdict verdict) {
            auto const connection = alive.lock();
            if (connection && connection->open()) judged(std::move(verdict), answer);
        }
    );
    return Reply::later();
}

void WorkerRole::judged(Verdict verdict, Answer const& answer)
{
    if (!verdict.accepted) {
        stage_ = Stage::greeted;
        return answer.complete(refused_login(verdict));
    }
    accept(std::move(*verdict.accepted));
    answer.complete(welcome());
}

json::object WorkerRole::refused_login(Verdict const& verdict) const
{
    return {
        {"accepted", false},
        {"wait_s", verdict.wait.count()},
        {"give_up", attempts_ >= limits().attempts_max}};
}

void WorkerRole::accept(Accepted person)
{
    stage_ = Stage::authenticated;
    auth_limit_.cancel();
    person_ = std::move(person);
}

json::object WorkerRole::welcome() const
{
    json::value last_login = nullptr;
    if (person_.last_login_at)
        last_login = {
            {"at", to_iso(UtcTime{std::chrono::seconds{*person_.last_login_at}})},
            {"from", person_.last_login_from},
            {"door", person_.last_login_door}};
    return {
        {"accepted", true},
        {"person", person_.person},
        {"name", person_.name},
        {"language", to_code(person_.language)},
        {"last_login", std::move(last_login)},
        {"failures", person_.failures_since}};
}

Reply WorkerRole::incomplete(Request& request)
{
    Fields fields{request.fields};
    auto const login = fields.text("login", login_bytes_max);
    auto const step = fields.text("step", 64);
    auto const why = fields.text("why", 256);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    ECLUSE_TRY(context_.journal.record(
        context_.clock.utc_now(),
        "auth.incomplete",
        json::object{
            {"actor", "unknown"},
            {"source", address_},
            {"object", printable(login, 64)},
            {"outcome", printable(step, 64)},
            {"door", door()},
            {"detail", printable(why)}}
    ));
    return Reply::later();
}

void WorkerRole::closed()
{
    // Whatever a first grant was waiting for is no longer wanted.
    opening_.reset();
    waiting_.clear();
    if (agent_) agent_->close();
    if (!session_.empty()) end_session(worker_reason_.empty() ? "worker_lost" : worker_reason_);
    stage_ = Stage::leaving;
}

} // namespace ecluse::policyd
