#include "tests/support/scripted_policy.h"

#include "common/time.h"
#include "recorder/format/frame.h"

#include <algorithm>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ecluse::test {
namespace {

namespace json = boost::json;

/// How long a thread sleeps before it looks whether the test is over.
constexpr int poll_ms = 50;

json::array texts(std::vector<std::string> const& list)
{
    json::array array;
    for (auto const& text : list)
        array.emplace_back(text);
    return array;
}

std::string text_of(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

} // namespace

struct ScriptedPolicy::Connection {
    PacketSocket socket;
    bool granted = false;
    bool is_rdp = false;
};

struct ScriptedPolicy::Intake {
    Fd socket;
};

ScriptedPolicy::ScriptedPolicy(
    std::string const& socket_path, std::vector<std::string> host_keys, Dial target, Dial agent
)
    : host_keys_{std::move(host_keys)}, target_{std::move(target)}, agent_{std::move(agent)}
{
    auto listener = listen_packets(socket_path, 0600);
    if (!listener) throw std::runtime_error{listener.error().what};
    listener_ = *std::move(listener);
    threads_.emplace_back([this] { serve_listener(); });
}

ScriptedPolicy::~ScriptedPolicy()
{
    stop_ = true;
    for (;;) {
        std::vector<std::thread> threads;
        {
            std::lock_guard const lock{mutex_};
            threads.swap(threads_);
        }
        if (threads.empty()) break;
        for (auto& thread : threads)
            thread.join();
    }
}

void ScriptedPolicy::change(std::function<void(Script&)> const& with)
{
    std::lock_guard const lock{mutex_};
    with(script_);
}

void ScriptedPolicy::note(json::object const& request)
{
    {
        std::lock_guard const lock{mutex_};
        requests_.push_back(request);
    }
    changed_.notify_all();
}

std::vector<json::object> ScriptedPolicy::requests(std::string_view named) const
{
    std::lock_guard const lock{mutex_};
    std::vector<json::object> found;
    for (auto const& request : requests_)
        if (text_of(request, "do") == named) found.push_back(request);
    return found;
}

std::vector<json::object> ScriptedPolicy::events(std::string_view type) const
{
    auto all = requests("event");
    std::erase_if(all, [&](auto const& event) { return text_of(event, "type") != type; });
    return all;
}

bool ScriptedPolicy::wait_for(std::string_view named, std::size_t count, std::chrono::seconds limit)
    const
{
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] {
        return static_cast<std::size_t>(std::count_if(
                   requests_.begin(),
                   requests_.end(),
                   [&](auto const& request) {
                       return text_of(request, "do") == named ||
                              (text_of(request, "do") == "event" &&
                               text_of(request, "type") == named);
                   }
               )) >= count;
    });
}

void ScriptedPolicy::push(json::object const& packet)
{
    std::lock_guard const lock{mutex_};
    for (auto const& connection : connections_)
        (void)connection->socket.send(packet);
}

void ScriptedPolicy::push_sources(std::string const& ranges)
{
    std::lock_guard const lock{mutex_};
    auto const file = memory_file("sources", ranges);
    if (file) (void)door_.send(json::object{{"push", "sources"}}, {file->get()});
}

void ScriptedPolicy::drop_workers()
{
    std::lock_guard const lock{mutex_};
    for (auto const& connection : connections_)
        ::shutdown(connection->socket.fd(), SHUT_RDWR);
}

void ScriptedPolicy::drop_listener()
{
    std::lock_guard const lock{mutex_};
    ::shutdown(door_.fd(), SHUT_RDWR);
}

std::vector<RecordedFrame> ScriptedPolicy::frames() const
{
    std::lock_guard const lock{mutex_};
    return frames_;
}

std::string ScriptedPolicy::recorded(char kind) const
{
    std::lock_guard const lock{mutex_};
    std::string all;
    for (auto const& frame : frames_)
        if (frame.kind == kind) all += frame.payload;
    return all;
}

bool ScriptedPolicy::wait_for_frame(
    char kind, std::string_view containing, std::chrono::seconds limit
) const
{
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] {
        std::string all;
        for (auto const& frame : frames_)
            if (frame.kind == kind) all += frame.payload;
        return all.find(containing) != std::string::npos;
    });
}

void ScriptedPolicy::forget()
{
    std::lock_guard const lock{mutex_};
    requests_.clear();
    frames_.clear();
}

void ScriptedPolicy::serve_listener()
{
    while (!stop_) {
        pollfd waiting[2] = {{listener_.get(), POLLIN, 0}, {door_ ? door_.fd() : -1, POLLIN, 0}};
        if (::poll(waiting, 2, poll_ms) <= 0) continue;
        if (waiting[0].revents != 0) {
            if (auto door = accept_packets(listener_.get())) {
                std::lock_guard const lock{mutex_};
                door_ = *std::move(door);
            }
            continue;
        }
        auto packet = door_.receive();
        if (!packet || !*packet) {
            std::lock_guard const lock{mutex_};
            door_ = PacketSocket{};
            continue;
        }
        auto const request = json::parse((*packet)->json).as_object();
        note(request);
        if (text_of(request, "do") == "listen.hello") {
            std::lock_guard const lock{mutex_};
            auto const file = memory_file("sources", script_.answer_address);
            (void)door_.send(
                json::object{
                    {"re", request.at("id")},
                    {"ok", true},
                    {"per_source_max", 40},
                    {"connections_max", 100},
                    {"answer_undeclared", false}},
                {file->get()}
            );
        } else if (text_of(request, "do") == "listen.connection") {
            auto connection = std::make_shared<Connection>();
            connection->socket = PacketSocket{std::move((*packet)->descriptors.at(1))};
            std::lock_guard const lock{mutex_};
            connections_.push_back(connection);
            threads_.emplace_back([this, connection] { serve_worker(connection); });
        }
    }
}

void ScriptedPolicy::serve_worker(std::shared_ptr<Connection> connection)
{
    while (!stop_) {
        pollfd waiting{connection->socket.fd(), POLLIN, 0};
        if (::poll(&waiting, 1, poll_ms) <= 0) continue;
        auto packet = connection->socket.receive();
        if (!packet || !*packet) break;
        auto const request = json::parse((*packet)->json).as_object();
        std::vector<Fd> descriptors;
        auto reply = answer(*connection, request, descriptors);
        note(request);
        if (reply.empty()) continue;
        reply["re"] = request.at("id");
        reply["ok"] = true;
        std::vector<int> numbers;
        for (auto const& fd : descriptors)
            numbers.push_back(fd.get());
        std::lock_guard const lock{mutex_};
        (void)connection->socket.send(reply, numbers);
    }
    std::lock_guard const lock{mutex_};
    std::erase(connections_, connection);
    // Its end must be seen by the worker now, not when the last reference goes.
    ::shutdown(connection->socket.fd(), SHUT_RDWR);
}

json::object ScriptedPolicy::answer(
    Connection& connection, json::object const& request, std::vector<Fd>& descriptors
)
{
    Script script;
    {
        std::lock_guard const lock{mutex_};
        script = script_;
    }
    auto const what = text_of(request, "do");
    json::object const lists{
        {"kex", script.kex},
        {"ciphers", script.ciphers},
        {"macs", "hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com"},
        {"host_keys", "ssh-ed25519,rsa-sha2-512,rsa-sha2-256"},
        {"user_keys",
         "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256"}};
    if (what == "worker.hello") {
        for (auto const& key : host_keys_)
            descriptors.push_back(*memory_file("host-key", key));
        connection.is_rdp = text_of(request, "protocol") == "rdp";
        if (connection.is_rdp)
            return {
                {"connection", "C-TEST"},
                {"source", "127.0.0.1"},
                {"site", "CH de Test"},
                {"phone", "01 02 03 04 05"},
                {"portal", "https://portail.invalid"},
                {"auth_timeout_s", script.auth_timeout_s},
                {"attempts_max", script.attempts_max},
                {"idle_s", script.idle_s},
                {"warn_minutes", json::array{10, 5, 1}},
                {"stall_ms", script.stall_ms},
                {"frames_per_second", 5},
                {"clipboard_bytes_max", 1'000'000},
                {"file_bytes_max", 10'000'000},
                {"keyboard_mask_rules", true}};
        return {
            {"connection", "C-TEST"},
            {"source", "127.0.0.1"},
            {"site", "CH de Test"},
            {"phone", "01 02 03 04 05"},
            {"portal", "https://portail.invalid"},
            {"version_string", script.version_string},
            {"algorithms", lists},
            {"auth_timeout_s", script.auth_timeout_s},
            {"attempts_max", script.attempts_max},
            {"first_channel_s", script.first_channel_s},
            {"idle_s", script.idle_s},
            {"channels_max", script.channels_max},
            {"command_bytes_max", 32768},
            {"env_allow", json::array{"LANG", "LC_ALL"}},
            {"rekey_bytes", script.rekey_bytes},
            {"rekey_s", 0},
            {"warn_minutes", json::array{10, 5, 1}},
            {"stall_ms", script.stall_ms}};
    }
    if (what == "auth.probe")
        return {
            {"acceptable",
             text_of(request, "login") == script.login && text_of(request, "key") == script.key}};
    if (what == "auth.finish") {
        bool const first = request.contains("key")
                               ? text_of(request, "key") == script.key
                               : text_of(request, "password") == script.password;
        if (first && text_of(request, "login") == script.login &&
            text_of(request, "code") == script.code)
            return {
                {"accepted", true},
                {"person", "P-1"},
                {"name", "Alice Martin"},
                {"language", "fr"},
                {"last_login",
                 json::object{
                     {"at", "2026-11-20T08:00:00Z"}, {"from", "203.0.113.9"}, {"door", "ssh"}}},
                {"failures", 2}};
        return {{"accepted", false}, {"wait_s", script.wait_s}, {"give_up", false}};
    }
    if (what == "ticket.redeem") {
        if (text_of(request, "ticket") != script.ticket)
            return {{"accepted", false}, {"wait_s", script.wait_s}, {"give_up", false}};
        return {
            {"accepted", true},
            {"person", "P-1"},
            {"name", "Alice Martin"},
            {"language", "fr"},
            {"last_login", nullptr},
            {"failures", 0},
            {"window", "W-1"},
            {"asset", "A-1"},
            {"account", script.target_user}};
    }
    json::object const refusal{
        {"code", script.refuse.empty() ? "E-FEN-04" : script.refuse},
        {"reason", "créneau terminé"},
        {"next", nullptr},
        {"action", "demander un nouveau créneau"},
        {"reference", "R-ABCDEF"},
        {"text", "REFUS " + script.refuse + " – créneau terminé\nRéférence R-ABCDEF"},
        {"wait", script.waits > 0}};
    if (what == "menu") {
        json::array windows;
        for (std::int64_t i = 0; i < script.windows; ++i)
            windows.push_back(json::object{
                {"window", "W-" + std::to_string(i + 1)},
                {"asset", "A-" + std::to_string(i + 1)},
                {"asset_name", "cible-" + std::to_string(i + 1)},
                {"protocol", connection.is_rdp ? "rdp" : "ssh"},
                {"until", "2026-11-21T18:00:00Z"},
                {"left_ms", script.left_ms},
                {"accounts", json::array{connection.is_rdp ? script.target_user : "root"}},
                {"functions", texts(script.functions)}});
        json::object menu{{"windows", windows}, {"refusal", nullptr}};
        if (windows.empty()) menu["refusal"] = refusal;
        return menu;
    }
    if (what == "open") {
        if (script.waits > 0) {
            change([](Script& s) { --s.waits; });
            return {{"granted", false}, {"refusal", refusal}};
        }
        if (!script.refuse.empty()) return {{"granted", false}, {"refusal", refusal}};
        json::object target{
            {"host", "target.invalid"},
            {"port", 22},
            {"user", script.target_user},
            {"host_keys", texts(script.target_keys)},
            {"algorithms", nullptr},
            {"auth", script.target_password.empty() ? "key" : "password"}};
        if (!script.target_password.empty()) target["password"] = script.target_password;
        if (connection.is_rdp)
            target = json::object{
                {"host", "target.invalid"},
                {"port", 3389},
                {"user", script.target_user},
                {"domain", ""},
                {"password", script.target_password},
                {"security", script.target_security},
                {"certificates", texts(script.target_keys)}};
        bool const first = !std::exchange(connection.granted, true);
        if (first) {
            descriptors.push_back(target_());
            descriptors.push_back(next_intake());
            if (script.target_password.empty()) descriptors.push_back(agent_());
        }
        json::object grant{
            {"granted", true},
            {"session", "S-TEST"},
            {"window", "W-1"},
            {"asset", "A-1"},
            {"asset_name", "cible-1"},
            {"account", script.target_user},
            {"until", "2026-11-21T18:00:00Z"},
            {"left_ms", script.left_ms},
            {"functions", texts(script.functions)},
            {"first", first},
            {"start_text", "Session S-TEST enregistrée."},
            {"paused", script.paused},
            {"record", json::object{{"exec_budget_bytes", script.exec_budget_bytes}}}};
        if (first) grant["target"] = target;
        if (connection.is_rdp) grant.erase("record");
        return grant;
    }
    if (what == "target.failed") {
        auto failed = refusal;
        failed["code"] = request.at("code");
        failed["text"] = "REFUS " + text_of(request, "code");
        return {{"refusal", failed}};
    }
    return {};
}

void ScriptedPolicy::use_intake(Dial intake)
{
    std::lock_guard const lock{mutex_};
    intake_ = std::move(intake);
}

Fd ScriptedPolicy::next_intake()
{
    Dial intake;
    {
        std::lock_guard const lock{mutex_};
        intake = intake_;
    }
    return intake ? intake() : drained_intake();
}

Fd ScriptedPolicy::drained_intake()
{
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return {};
    auto intake = std::make_shared<Intake>();
    intake->socket = Fd{ends[0]};
    std::lock_guard const lock{mutex_};
    threads_.emplace_back([this, intake] { serve_intake(intake); });
    return Fd{ends[1]};
}

void ScriptedPolicy::serve_intake(std::shared_ptr<Intake> intake)
{
    FrameDecoder decoder;
    std::uint64_t count = 0;
    std::string buffer(65536, '\0');
    while (!stop_) {
        pollfd waiting{intake->socket.get(), POLLIN, 0};
        if (::poll(&waiting, 1, poll_ms) <= 0) continue;
        auto const got = ::read(intake->socket.get(), buffer.data(), buffer.size());
        if (got <= 0) break;
        auto frames =
            decoder.feed(std::string_view{buffer}.substr(0, static_cast<std::size_t>(got)));
        if (!frames) break;
        bool acknowledge = false;
        {
            std::lock_guard const lock{mutex_};
            for (auto const& frame : *frames) {
                ++count;
                frames_.push_back(
                    {static_cast<char>(frame.kind), frame.channel, std::string{frame.payload}}
                );
            }
            acknowledge = script_.acknowledge;
        }
        changed_.notify_all();
        if (!acknowledge || frames->empty()) continue;
        char ack[8];
        for (int i = 0; i < 8; ++i)
            ack[i] = static_cast<char>(count >> (56 - 8 * i));
        (void)::send(intake->socket.get(), ack, sizeof ack, MSG_NOSIGNAL);
        // As the recorder does: nothing follows the last frame.
        if (decoder.ended()) break;
    }
}

} // namespace ecluse::test
