#include "policies/policyd/recorder_link.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/packet.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/live.h"
#include "policies/policyd/paths.h"
#include "policies/policyd/recordings.h"
#include "policies/policyd/watches.h"

#include <map>

using namespace std::chrono_literals;

namespace ecluse::policyd {
namespace {

/// A recording's header, keys and folder are on disk well before this, or the disk is not usable.
constexpr auto answer_max = 5s;
/// How many packets one turn takes before other sockets get theirs.
constexpr int packets_per_turn = 64;
constexpr std::size_t certificate_bytes_max = 16 * 1024;
/// Requests under way; more than live sessions could ask for.
constexpr std::size_t pending_max = 4096;

struct Answered {
    json::object fields;
    std::vector<Fd> descriptors;
};

Result<json::array> read_recipients(std::string const& root)
{
    auto const paths = Paths::under(root);
    json::array recipients;
    for (auto const& [name, path] :
         {std::pair{"rssi", paths.rssi}, std::pair{"escrow", paths.escrow}})
        recipients.push_back(json::object{
            {"name", name}, {"certificate", ECLUSE_TRY(read_file(path, certificate_bytes_max))}});
    return recipients;
}

} // namespace

struct RecorderLink::Impl {
    using Done = std::function<void(Result<Answered>)>;
    struct Pending {
        Done done;
        Deadline until;
    };

    void connect();
    void greet();
    void read();
    void take(Packet packet);
    void pushed(std::string_view name, json::object const& object);
    void ask(json::object request, Done done, std::vector<int> const& descriptors = {});
    void ping();
    void fail(std::string_view why);
    void note(json::object const& fields);
    [[nodiscard]] bool overdue() const;

    Context* context = nullptr;
    PacketSocket socket;
    Loop::Watch readable, pinging, retry;
    std::map<std::int64_t, Pending> pending;
    std::int64_t next_id = 1;
    std::optional<Deadline> unanswered_since; // the oldest ping or greeting without an answer
    bool greeted = false, stopped = false, was_lost = false;
    std::string state = "absent";
    std::int64_t free_bytes = 0;
};

RecorderLink::RecorderLink() : impl_{std::make_unique<Impl>()} {}
RecorderLink::~RecorderLink() = default;

void RecorderLink::start(Context& context)
{
    impl_->context = &context;
    impl_->connect();
}

void RecorderLink::stop()
{
    impl_->stopped = true;
    impl_->pinging.cancel();
    impl_->retry.cancel();
}

bool RecorderLink::ready() const
{
    return impl_->greeted && (impl_->state == "ok" || impl_->state == "warn");
}

std::string RecorderLink::state() const
{
    return impl_->state;
}

std::int64_t RecorderLink::free_bytes() const
{
    return impl_->free_bytes;
}

void RecorderLink::Impl::connect()
{
    auto connected = PacketSocket::connect(Paths::under(context->root).recorder_socket);
    if (!connected || !set_nonblocking(connected->fd(), true)) {
        retry = context->loop.after(retry_period, [this] { connect(); });
        return;
    }
    socket = std::move(*connected);
    readable = context->loop.on_readable(socket.fd(), [this] { read(); });
    greet();
}

void RecorderLink::Impl::greet()
{
    auto recipients = read_recipients(context->root);
    if (!recipients) return fail(recipients.error().what);
    unanswered_since = context->clock.monotonic();
    pinging = context->loop.every(ping_period, [this] { ping(); });
    ask({{"do", "recorder.hello"}, {"recipients", std::move(*recipients)}},
        [this](Result<Answered> answer) {
            if (!answer) return fail(answer.error().what);
            unanswered_since.reset();
            greeted = true;
            note(answer->fields);
            log(LogLevel::info, "recorder ready, state " + state);
            journal_service(*context, "anomaly.recorder", "back, state " + state);
            if (auto const* const list = answer->fields.if_contains("interrupted");
                list && list->is_array())
                for (auto const& one : list->get_array())
                    if (one.is_object()) recording_sealed(*context, one.get_object());
        });
}

void RecorderLink::Impl::read()
{
    for (int i = 0; i < packets_per_turn && socket; ++i) {
        auto packet = socket.receive();
        if (!packet && packet.error().code == Errc::unavailable) return;
        if (!packet) return fail(packet.error().what);
        if (!*packet) return fail("the recorder closed its socket");
        take(std::move(**packet));
    }
}

void RecorderLink::Impl::take(Packet packet)
{
    auto const object = parse_object(packet.json);
    if (!object) return fail("unreadable packet");
    if (auto const* const name = object->if_contains("push"); name && name->is_string())
        return pushed(name->get_string(), *object);
    auto const* const re = object->if_contains("re");
    if (!re || !re->is_int64()) return fail("neither an answer nor a push");
    auto const found = pending.find(re->get_int64());
    if (found == pending.end()) return; // came after its limit
    auto const done = std::move(found->second.done);
    pending.erase(found);
    auto const* const ok = object->if_contains("ok");
    if (ok && ok->is_bool() && ok->get_bool())
        return done(Answered{*object, std::move(packet.descriptors)});
    auto const* const error = object->if_contains("error");
    done(Error{
        Errc::refused, "recorder: " + (error ? printable(json::serialize(*error)) : "refused")});
}

void RecorderLink::Impl::pushed(std::string_view name, json::object const& object)
{
    if (name == "state") return note(object);
    if (name == "sealed") return recording_sealed(*context, object);
    auto const text_of = [&](char const* field) {
        auto const* const value = object.if_contains(field);
        return value && value->is_string() ? std::string{value->get_string()} : std::string{};
    };
    if (name == "watch_ended")
        return context->watches.ended(*context, text_of("watch"), text_of("why"));
    if (name == "failed") {
        return recording_failed(*context, text_of("session"), text_of("why"));
    }
    fail("unknown push " + printable(name, 64));
}

void RecorderLink::Impl::note(json::object const& fields)
{
    if (auto const* const value = fields.if_contains("free_bytes"); value && value->is_int64())
        free_bytes = value->get_int64();
    auto const* const value = fields.if_contains("state");
    if (!value || !value->is_string()) return;
    auto const was = std::exchange(state, std::string{value->get_string()});
    if (was == state) return;
    if (was != "absent") journal_service(*context, "anomaly.disk", state);
    // The last step of the ladder: what is left of the disk belongs to the seals.
    if (state == "end") context->live.end_all(endings::recorder_failed());
}

void RecorderLink::Impl::ask(json::object request, Done done, std::vector<int> const& descriptors)
{
    if (!socket) return done(Error{Errc::unavailable, "the recorder is not there"});
    if (pending.size() >= pending_max)
        return done(Error{Errc::unavailable, "too much asked of the recorder"});
    auto const id = next_id++;
    request["id"] = id;
    if (auto const sent = socket.send(request, descriptors); !sent) return done(sent.error());
    pending.emplace(id, Pending{std::move(done), context->clock.monotonic() + answer_max});
}

bool RecorderLink::Impl::overdue() const
{
    auto const now = context->clock.monotonic();
    if (unanswered_since && now - *unanswered_since > silence_max) return true;
    return std::any_of(pending.begin(), pending.end(), [&](auto const& one) {
        return one.second.until <= now;
    });
}

void RecorderLink::Impl::ping()
{
    // When it was us who stood still, its answers wait in the socket: read before judging.
    if (overdue()) read();
    if (!socket) return;
    if (overdue()) return fail("no answer in time");
    if (!greeted || unanswered_since) return;
    unanswered_since = context->clock.monotonic();
    ask({{"do", "recorder.ping"}}, [this](Result<Answered> answer) {
        if (!answer) return fail(answer.error().what);
        unanswered_since.reset();
        note(answer->fields);
    });
}

void RecorderLink::Impl::fail(std::string_view why)
{
    if (!socket || stopped) return;
    log(LogLevel::error, "recorder lost: " + std::string{why});
    bool const was_greeted = std::exchange(greeted, false);
    state = "absent";
    unanswered_since.reset();
    readable.cancel();
    pinging.cancel();
    socket = PacketSocket{};
    // First what matters: nobody works unrecorded.
    context->live.end_all(endings::recorder_failed());
    context->watches.recorder_lost(*context);
    if (was_greeted) {
        was_lost = true;
        journal_service(*context, "anomaly.recorder", "lost: " + std::string{why});
    }
    auto const unanswered = std::exchange(pending, {});
    for (auto const& [id, one] : unanswered)
        one.done(Error{Errc::unavailable, "the recorder was lost"});
    retry = context->loop.after(retry_period, [this] { connect(); });
}

void RecorderLink::create(std::string const& session, json::object header, Created done)
{
    impl_->ask(
        {{"do", "recorder.create"}, {"session", session}, {"header", std::move(header)}},
        [done = std::move(done)](Result<Answered> answer) {
            if (!answer) return done(answer.error());
            if (answer->descriptors.size() != 1)
                return done(Error{
                    Errc::malformed, "create recording: no intake came with the answer"});
            done(std::move(answer->descriptors.front()));
        }
    );
}

void RecorderLink::open(std::string const& session, Read done)
{
    impl_->ask(
        {{"do", "recorder.open"}, {"session", session}},
        [done = std::move(done)](Result<Answered> answer) {
            if (!answer) return done(answer.error());
            Opened opened;
            Fields fields{answer->fields};
            opened.names = fields.texts("files", packet_descriptors_max, 255);
            opened.files = std::move(answer->descriptors);
            if (opened.names.empty() || opened.names.size() != opened.files.size())
                return done(Error{Errc::malformed, "open recording: files and names differ"});
            done(std::move(opened));
        }
    );
}

void RecorderLink::watch(
    std::string const& session, std::string const& watch, Fd socket, Watched done
)
{
    impl_->ask(
        {{"do", "recorder.watch"}, {"session", session}, {"watch", watch}},
        [done = std::move(done)](Result<Answered> answer) {
            done(answer ? Result<>{} : Result<>{answer.error()});
        },
        {socket.get()}
    );
}

void RecorderLink::unwatch(std::string const& watch)
{
    impl_->ask({{"do", "recorder.unwatch"}, {"watch", watch}}, [watch](Result<Answered> answer) {
        if (!answer) log(LogLevel::error, "unwatch " + watch + ": " + answer.error().what);
    });
}

void RecorderLink::countersign(
    std::string const& session, std::string const& signature, std::string const& certificate
)
{
    if (!impl_->socket) return;
    // No answer comes: the seal stands without it, and `verify` says that it is missing.
    auto const sent = impl_->socket.send(json::object{
        {"do", "recorder.countersign"},
        {"id", impl_->next_id++},
        {"session", session},
        {"signature", to_base64(signature)},
        {"certificate", certificate}});
    if (!sent) log(LogLevel::error, "countersign " + session + ": " + sent.error().what);
}

void RecorderLink::purge(std::string const& certificate, std::string const& signature, Purged done)
{
    impl_->ask(
        {{"do", "recorder.purge"},
         {"certificate", certificate},
         {"signature", to_base64(signature)}},
        [done = std::move(done)](Result<Answered> answer) {
            if (!answer) return done(answer.error());
            Fields fields{answer->fields};
            auto digest = fields.text("certificate_sha256", 64);
            if (digest.size() != 64)
                return done(Error{Errc::malformed, "purge: no certificate in the answer"});
            done(std::move(digest));
        }
    );
}

} // namespace ecluse::policyd
