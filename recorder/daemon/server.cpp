#include "recorder/daemon/server.h"

#include "common/json.h"
#include "common/log.h"
#include "recorder/format/recover.h"

#include <sys/socket.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace ecluse::recorder {
namespace {

constexpr auto disk_period = 500ms;
/// policyd ends the sessions when told that the disk is full; the recorder waits this long for it.
constexpr auto disk_end_grace = 2s;

} // namespace

struct Server::Row {
    std::string_view name;
    void (Server::*handle)(std::int64_t, Fields&);
    bool before_hello;
    bool takes_descriptor = false;
};

/// The whole list of what policyd may ask.
Server::Row const Server::rows[] = {
    {"recorder.hello", &Server::hello, true},
    {"recorder.create", &Server::create, false},
    {"recorder.open", &Server::open, false},
    {"recorder.countersign", &Server::countersign, false},
    {"recorder.ping", &Server::ping, false},
    {"recorder.list", &Server::list, false},
    {"recorder.purge", &Server::purge, false},
    {"recorder.watch", &Server::watch, false, true},
    {"recorder.unwatch", &Server::unwatch, false},
};

Server::Server(Loop& loop, Options const& options, Store store)
    : loop_{loop}, options_{options}, store_{std::move(store)}, disk_{options}
{
}

Result<> Server::start(Fd listener)
{
    disk_.refresh();
    recover_all();
    listener_ = std::move(listener);
    accepting_ = loop_.on_readable(listener_.get(), [this] { accept(); });
    disk_watch_ = loop_.every(disk_period, [this] { watch_disk(); });
    loop_.on_terminate([this] { terminate(); });
    log(LogLevel::info, "ready, disk " + std::string{to_word(disk_.state())});
    return {};
}

void Server::accept()
{
    auto socket = accept_packets(listener_.get());
    if (!socket) return;
    // A policyd that restarts may connect before the end of its last life was noticed.
    if (client_ && client_->hung_up()) drop_client("replaced");
    auto const peer = socket->peer();
    bool const allowed =
        peer && (peer->uid == ::getuid() || peer->uid == 0 || peer->uid == options_.client_uid);
    if (!allowed || client_ || terminating_) {
        log(LogLevel::warning, client_ ? "a second client is refused" : "a client is refused");
        return;
    }
    if (!set_nonblocking(socket->fd(), true)) return;
    ++connection_;
    last_id_ = 0;
    greeted_ = false;
    client_ = std::make_unique<Client>(
        loop_,
        *std::move(socket),
        [this](Packet packet) { received(std::move(packet)); },
        [this, mine = connection_](std::string const& why) {
            if (mine == connection_) drop_client(why);
        }
    );
}

void Server::drop_client(std::string const& why)
{
    if (!client_) return;
    log(LogLevel::warning, "policyd's connection ends: " + why);
    client_.reset();
    ++connection_;
    // Nobody is left who knows whether they still may.
    for (auto const& [watch, viewer] : viewers_)
        viewer->finish("policyd_lost");
    // Recordings in progress go on: their workers end by themselves, and each one is sealed.
}

void Server::received(Packet packet)
{
    auto const refuse = [this](std::string const& why) {
        loop_.post([this, why, mine = connection_] {
            if (mine == connection_) drop_client(why);
        });
    };
    auto const object = parse_object(packet.json);
    if (!object) return refuse(object.error().what);
    Fields fields{*object};
    auto const name = fields.text("do", 64);
    auto const id = fields.number("id", 1);
    if (id <= last_id_) return refuse("request ids do not increase");
    last_id_ = id;
    for (auto const& row : rows) {
        if (row.name != name) continue;
        if (row.before_hello == greeted_) return refuse(name + ": out of order");
        if (packet.descriptors.size() != (row.takes_descriptor ? 1U : 0U))
            return refuse(name + ": other descriptors than the request has");
        passed_ = row.takes_descriptor ? std::move(packet.descriptors.front()) : Fd{};
        (this->*row.handle)(id, fields);
        if (auto const read = fields.finish(); !read) refuse(name + ": " + read.error().what);
        return;
    }
    refuse("unknown request");
}

void Server::send(json::object const& object, std::vector<Fd> descriptors)
{
    if (client_) client_->send(object, std::move(descriptors));
}

void Server::recover_all()
{
    auto const pending = store_.pending();
    if (!pending) {
        log(LogLevel::error, pending.error().what);
        return;
    }
    for (auto const& session : *pending) {
        auto const folder = store_.find(session);
        if (folder && ::access((*folder + "/seal.json").c_str(), F_OK) == 0) continue;
        auto const sealed =
            folder ? recording::recover(*folder) : Result<recording::SealSummary>{folder.error()};
        if (sealed) {
            log(LogLevel::warning, session + ": sealed as interrupted");
        } else if (sealed.error().code == Errc::not_found) {
            // It was never answered: no session can have used it.
            if (auto const gone = store_.discard(session); !gone)
                log(LogLevel::error, session + ": " + gone.error().what);
        } else {
            log(LogLevel::error, session + ": " + sealed.error().what);
        }
    }
}

void Server::begin(
    std::optional<std::int64_t> id, std::unique_ptr<recording::RecordingWriter> writer
)
{
    auto const session = writer->session();
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        if (id) answer_error(*id, os_error("create intake"));
        pair[0] = pair[1] = -1;
    }
    Fd ours{pair[0]};
    Fd theirs{pair[1]};
    auto const live = std::make_shared<LiveRecording>(
        loop_,
        budget_,
        std::move(writer),
        std::move(ours),
        LiveRecording::Hooks{
            [this](auto const& which, auto const& why) { recording_failed(which, why); },
            [this](auto const& which, auto summary) { recording_ended(which, summary); }}
    );
    live_[session] = live;
    if (!ticking_) ticking_ = loop_.every(LiveRecording::tick_period, [this] { tick(); });
    if (!theirs || !id || !client_ || terminating_) {
        live->end(terminating_ ? "shutdown" : "policyd_lost");
        return;
    }
    live->start();
    std::vector<Fd> descriptors;
    descriptors.push_back(std::move(theirs));
    send({{"re", *id}, {"ok", true}}, std::move(descriptors));
}

void Server::recording_failed(std::string const& session, std::string const& why)
{
    log(LogLevel::error, session + ": recording failed: " + why);
    // Whatever the reason, the seal must fit.
    disk_.release_reserve();
    send({{"push", "failed"}, {"session", session}, {"why", why}});
}

void Server::tick()
{
    auto const now = std::chrono::steady_clock::now();
    // A copy: a recording that ends leaves the list.
    auto const all = live_;
    for (auto const& [session, live] : all)
        live->tick(now);
}

void Server::watch_disk()
{
    auto const before = disk_.state();
    auto const state = disk_.refresh();
    auto const now = std::chrono::steady_clock::now();
    if (state != before) {
        log(LogLevel::warning, "disk: " + std::string{to_word(state)});
        if (state == DiskState::end) disk_end_since_ = now;
        if (greeted_)
            send({{"push", "state"}, {"state", to_word(state)}, {"free_bytes", disk_.free_bytes()}}
            );
    }
    if (state != DiskState::end || live_.empty() || now < disk_end_since_ + disk_end_grace) return;
    disk_.release_reserve();
    auto const all = live_;
    for (auto const& [session, live] : all)
        live->fail("no space left");
}

void Server::terminate()
{
    log(LogLevel::info, "terminating");
    terminating_ = true;
    accepting_.cancel();
    auto const all = live_;
    for (auto const& [session, live] : all)
        live->end("shutdown");
    stop_when_idle();
}

void Server::stop_when_idle()
{
    if (terminating_ && live_.empty() && creating_.empty()) loop_.stop();
}

} // namespace ecluse::recorder
