#include "policies/policyd/daemon.h"

#include "common/json.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/service.h"
#include "policies/policyd/aftermath.h"
#include "policies/policyd/door_certificate.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/host_keys.h"
#include "policies/policyd/listener_role.h"
#include "policies/policyd/operator.h"
#include "policies/policyd/operator_role.h"
#include "policies/policyd/web_role.h"

using namespace std::chrono_literals;

namespace ecluse::policyd {
namespace {

constexpr auto tick_period = 250ms; // the promise is an end within 1 s
constexpr auto checkpoint_period = 5min;
/// Connected at the same time: listeners, workers and operators.
constexpr std::size_t peers_max = 6000;
/// Two for passwords, two for names of targets, one each for the witness and the timestamps, which
/// may wait long for others.
constexpr std::size_t pool_threads = 6;
/// What ending sessions may take before we go.
constexpr auto goodbye_max = 2s;

} // namespace

Daemon::Daemon(Opened& opened)
    : opened_{opened}, clock_{opened.database}, live_{[this] { return clock_.monotonic(); }},
      loop_{pool_threads}, context_{
                               .root = opened.root,
                               .config = opened.config,
                               .loop = loop_,
                               .database = opened.database,
                               .vault = opened.vault,
                               .journal = opened.journal,
                               .evidence = opened.evidence,
                               .clock = clock_,
                               .live = live_,
                               .windows = windows_,
                               .sources = sources_,
                               .recorder = recorder_,
                               .events = events_,
                               .dropped = dropped_,
                               .peers = peers_,
                               .authentication = authentication_,
                               .tickets = tickets_,
                               .timestamps = timestamps_,
                               .listeners = listeners_,
                               .terminals = terminals_,
                               .watches = watches_,
                               .web = web_,
                               .witnesses = witnesses_}
{
    events_.start(context_);
    add_login_requests(operator_table_, context_);
    add_operator_requests(operator_table_, context_);
    fill_web_table(portal_table_, operator_table_, "portal");
    fill_web_table(console_table_, operator_table_, "console");
}

Result<> Daemon::prepare()
{
    clock_.resume();
    journal_service(
        context_, "service.started", "policyd " ECLUSE_VERSION "; " + opened_.confinement
    );
    witnesses_.start(context_);
    ECLUSE_TRY(keep_host_keys(context_, opened_.host_keys));
    ECLUSE_TRY(ensure_door_certificates(context_));
    ECLUSE_TRY(close_lost_sessions(context_));
    ECLUSE_TRY(windows_.tick(context_));
    ECLUSE_TRY(sources_.refresh(context_));
    return {};
}

void Daemon::run()
{
    recorder_.start(context_);
    purge_.start(context_);
    reviews_.start(context_);
    role_terms_.start(context_);
    timestamps_.start(context_);
    listen_watch_ = loop_.on_readable(opened_.listen_socket.get(), [this] { accept_listener(); });
    operator_watch_ =
        loop_.on_readable(opened_.operator_socket.get(), [this] { accept_operator(); });
    portal_watch_ = loop_.on_readable(opened_.portal_socket.get(), [this] {
        accept_web(opened_.portal_socket, portal_table_, "portal");
    });
    console_watch_ = loop_.on_readable(opened_.console_socket.get(), [this] {
        accept_web(opened_.console_socket, console_table_, "console");
    });
    web_.start(context_);
    ticking_ = loop_.every(tick_period, [this] { tick(); });
    checkpointing_ = loop_.every(checkpoint_period, [this] { checkpoint(); });
    loop_.on_terminate([this] { terminate(); });
    notify_ready("ready");
    watchdog_ = keep_alive(loop_);
    log(LogLevel::info, "ready");
    loop_.run();
    peers_.drop_all();
}

void Daemon::accept_listener()
{
    auto socket = accept_packets(opened_.listen_socket.get());
    if (socket && !terminating_ && peers_.count() < peers_max)
        ListenerRole::start(context_, std::move(*socket));
}

void Daemon::accept_operator()
{
    auto socket = accept_packets(opened_.operator_socket.get());
    if (socket && !terminating_ && peers_.count() < peers_max)
        OperatorRole::start(context_, operator_table_, std::move(*socket));
}

void Daemon::accept_web(Fd const& listener, RequestTable const& table, char const* door)
{
    auto socket = accept_packets(listener.get());
    if (socket && !terminating_ && peers_.count() < peers_max)
        WebRole::start(context_, table, std::move(*socket), door, opened_.web_uid);
}

void Daemon::tick()
{
    if (auto const moved = clock_.tick()) note_jump(*moved);
    // Deadlines first: they need nothing that can fail.
    live_.tick(endings::window_end());
    auto const judge = [](char const* what, Result<> const& done) {
        if (!done) log(LogLevel::error, std::string{what} + ": " + done.error().what);
        return static_cast<bool>(done);
    };
    bool const windows = judge("windows", windows_.tick(context_));
    bool const sources = judge("sources", sources_.refresh(context_));
    // Rules that cannot be read cannot be kept.
    if (!windows || !sources) live_.end_all(endings::journal_failed());
    dropped_.tick(context_);
}

void Daemon::note_jump(std::chrono::milliseconds moved)
{
    log(LogLevel::warning,
        "the machine's clock jumped by " + std::to_string(moved.count()) + " ms");
    auto const done = opened_.journal.record(
        clock_.utc_now(),
        "anomaly.clock",
        json::object{
            {"actor", "system"},
            {"source", "local"},
            {"object", "clock"},
            {"outcome", moved.count() > 0 ? "forward" : "backward"},
            {"moved_ms", moved.count()},
            {"sessions", live_.count()}}
    );
    if (!done) log(LogLevel::error, "journal anomaly.clock: " + done.error().what);
    purge_.clock_jumped(moved);
    reviews_.clock_jumped(moved);
}

void Daemon::checkpoint()
{
    if (!opened_.journal.has_changed_since_checkpoint()) return;
    auto const done = opened_.journal.checkpoint(clock_.utc_now());
    if (!done) log(LogLevel::error, "journal checkpoint: " + done.error().what);
}

void Daemon::terminate()
{
    terminating_ = true;
    notify_stopping("ending sessions");
    live_.end_all(endings::shutdown());
    auto const finish = [this] {
        events_.flush();
        dropped_.flush(context_);
        journal_service(context_, "service.stopped", "policyd");
        checkpoint();
        witnesses_.finish();
        recorder_.stop();
        loop_.stop();
    };
    // The recorder's seals come after the workers' ends; they are told again at the next start.
    auto const until = clock_.monotonic() + goodbye_max;
    stopping_ = loop_.every(50ms, [this, finish, until] {
        if (live_.count() == 0 || clock_.monotonic() >= until) finish();
    });
}

} // namespace ecluse::policyd
