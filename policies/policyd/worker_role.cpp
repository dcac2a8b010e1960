#include "policies/policyd/worker_role.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "policies/config/config.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/host_keys.h"
#include "policies/policyd/peers.h"
#include "policies/policyd/violations.h"
#include "policies/policyd/worker_opening.h"

namespace ecluse::policyd {
namespace {

constexpr std::size_t login_bytes_max = 128;
constexpr std::size_t key_bytes_max = 16 * 1024;
constexpr std::size_t secret_bytes_max = 1024;
/// The worker has its own limit; ours covers a worker that does not obey it.
constexpr std::chrono::seconds auth_slack{5};

Secret take_secret(json::object& fields, std::string_view name)
{
    auto* const value = fields.if_contains(name);
    if (!value || !value->is_string() || value->get_string().size() > secret_bytes_max) return {};
    auto secret = Secret::copy_of(value->get_string());
    std::fill(value->get_string().begin(), value->get_string().end(), '\0');
    fields.erase(name);
    return secret;
}

json::array to_array(std::vector<std::string> const& texts)
{
    return json::array(texts.begin(), texts.end());
}

json::object greeting(Config const& config)
{
    auto const& ssh = config.ssh;
    json::array warn;
    for (auto const minutes : config.windows.warn_minutes)
        warn.emplace_back(minutes);
    return {
        {"site", config.site.name},
        {"phone", config.site.phone},
        {"portal", config.site.portal},
        {"version_string", ssh.version_string},
        {"algorithms",
         {{"kex", ssh.kex},
          {"ciphers", ssh.ciphers},
          {"macs", ssh.macs},
          {"host_keys", ssh.host_keys},
          {"user_keys", ssh.user_keys}}},
        {"auth_timeout_s", ssh.auth_timeout_s},
        {"attempts_max", ssh.attempts_max},
        {"first_channel_s", ssh.first_channel_s},
        {"idle_s", ssh.idle_minutes * 60},
        {"channels_max", ssh.channels_max},
        {"command_bytes_max", ssh.command_bytes_max},
        {"env_allow", to_array(ssh.env_allow)},
        {"rekey_bytes", ssh.rekey_bytes},
        {"rekey_s", ssh.rekey_s},
        {"warn_minutes", std::move(warn)},
        {"stall_ms", config.recording.stall_ms}};
}

} // namespace

void WorkerRole::start(
    Context& context, PacketSocket socket, std::string address, std::uint16_t port
)
{
    auto role = std::make_shared<WorkerRole>(context, std::move(address), port);
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
    auto const limit = std::chrono::seconds{context.config.ssh.auth_timeout_s} + auth_slack;
    role->auth_limit_ = context.loop.after(limit, [self] { self->connection_->close(); });
    role->connection_->start();
    context.peers.keep(std::move(role));
}

WorkerRole::WorkerRole(Context& context, std::string address, std::uint16_t port)
    : context_{context}, address_{std::move(address)}, id_{random_id('C')}, port_{port}
{
    add_requests();
}

WorkerRole::~WorkerRole() = default;

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
    add("auth.probe", &WorkerRole::probe, at(Stage::greeted), true, false);
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
    if (fields.text("protocol", 16) != "ssh") fields.fault("protocol", "unknown");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto keys = ECLUSE_TRY(host_key_files(context_));
    stage_ = Stage::greeted;
    auto answer = greeting(context_.config);
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
    attempt.password = take_secret(request.fields, "password");
    attempt.code = take_secret(request.fields, "code");
    Fields fields{request.fields};
    attempt.login = last_login_ = fields.text("login", login_bytes_max);
    attempt.key = fields.optional_text("key", key_bytes_max);
    attempt.address = address_;
    attempt.door = "ssh";
    if (attempt.key && !attempt.password.empty()) fields.fault("password", "with a key");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (attempts_ >= context_.config.ssh.attempts_max)
        return Reply::violation("auth.finish: too many attempts");
    ++attempts_;
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
        json::object refused{
            {"accepted", false},
            {"wait_s", verdict.wait.count()},
            {"give_up", attempts_ >= context_.config.ssh.attempts_max}};
        return answer.complete(std::move(refused));
    }
    stage_ = Stage::authenticated;
    auth_limit_.cancel();
    person_ = std::move(*verdict.accepted);
    json::value last_login = nullptr;
    if (person_.last_login_at)
        last_login = {
            {"at", to_iso(UtcTime{std::chrono::seconds{*person_.last_login_at}})},
            {"from", person_.last_login_from},
            {"door", person_.last_login_door}};
    json::object accepted{
        {"accepted", true},
        {"person", person_.person},
        {"name", person_.name},
        {"language", to_code(person_.language)},
        {"last_login", std::move(last_login)},
        {"failures", person_.failures_since}};
    answer.complete(std::move(accepted));
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
            {"door", "ssh"},
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
