#include "gateway/listen/listener.h"

#include "common/json.h"
#include "common/log.h"
#include "common/notify.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ecluse::listen {
namespace {

constexpr std::chrono::seconds hello_limit{10};
/// Ten thousand ranges of at most 50 characters.
constexpr std::size_t sources_bytes_max = 512 * 1024;
/// Connections taken before policyd and the children get their turn.
constexpr int accepts_per_turn = 64;
/// Where the descriptors begin that a program starts with, in their order (docs/requests.md §2).
constexpr int first_descriptor = 3;
/// With a start: the worker's vendor and policyd, then the terminal's session, page and policyd.
constexpr std::size_t start_descriptors = 5;

std::uint16_t port_of(sockaddr_storage const& address)
{
    if (address.ss_family == AF_INET)
        return ntohs(reinterpret_cast<sockaddr_in const&>(address).sin_port);
    return ntohs(reinterpret_cast<sockaddr_in6 const&>(address).sin6_port);
}

/// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char const* program, std::initializer_list<int> descriptors, int null)
{
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // Out of the way first: each may be where another must go.
    constexpr int away = 10;
    static_assert(first_descriptor + start_descriptors <= away);
    int copies[start_descriptors];
    int count = 0;
    bool placed = ::dup2(null, 0) == 0 && ::dup2(null, 1) == 1;
    for (int const descriptor : descriptors) {
        copies[count] = ::fcntl(descriptor, F_DUPFD, away);
        placed = placed && copies[count++] >= 0;
    }
    for (int i = 0; i < count; ++i)
        placed = placed && ::dup2(copies[i], first_descriptor + i) == first_descriptor + i;
    auto const beyond = static_cast<unsigned>(first_descriptor + count);
    if (placed && ::close_range(beyond, ~0U, 0) == 0) {
        char const* const words[] = {program, nullptr};
        char const* const environment[] = {nullptr};
        ::execve(program, const_cast<char**>(words), const_cast<char**>(environment));
    }
    ::_exit(127);
}

} // namespace

Listener::Listener(Options options, Fd socket, PacketSocket policy)
    : options_{std::move(options)}, socket_{std::move(socket)}, policy_{std::move(policy)}
{
}

std::uint16_t Listener::port() const
{
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
    return port_of(bound);
}

Result<> Listener::read_sources(Fd const& file)
{
    auto const content = ECLUSE_TRY(read_all(file.get(), sources_bytes_max));
    std::vector<AddressRange> ranges;
    std::size_t start = 0;
    while (start < content.size()) {
        auto const end = std::min(content.find('\n', start), content.size());
        if (end > start)
            ranges.push_back(ECLUSE_TRY(
                AddressRange::parse(std::string_view{content}.substr(start, end - start))
            ));
        start = end + 1;
    }
    ranges_ = std::move(ranges);
    return {};
}

Result<> Listener::read_limits(std::string const& answer)
{
    auto const object = ECLUSE_TRY(parse_object(answer));
    Fields fields{object};
    (void)fields.number("re", last_id_, last_id_);
    if (!fields.flag("ok")) return Error{Errc::refused, "policyd refuses this door"};
    per_source_max_ = fields.number("per_source_max", 1, 10'000);
    connections_max_ = fields.number("connections_max", 1, 100'000);
    answer_undeclared_ = fields.flag("answer_undeclared");
    return fields.finish();
}

Result<> Listener::greet()
{
    ECLUSE_TRY(policy_.send(json::object{
        {"do", "listen.hello"},
        {"id", ++last_id_},
        {"door", options_.door},
        {"address", options_.address},
        {"port", port()}}));
    auto const packet = ECLUSE_TRY(policy_.receive(hello_limit));
    if (!packet || packet->descriptors.size() != 1)
        return Error{Errc::malformed, "no declared addresses from policyd"};
    ECLUSE_TRY(read_limits(packet->json));
    ECLUSE_TRY(read_sources(packet->descriptors[0]));
    ECLUSE_TRY(set_nonblocking(policy_.fd(), true));
    ECLUSE_TRY(set_nonblocking(socket_.get(), true));
    null_ = Fd{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    if (!null_) return os_error("open /dev/null");
    sigset_t watched;
    ::sigemptyset(&watched);
    ::sigaddset(&watched, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &watched, nullptr);
    children_ = Fd{::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!children_) return os_error("watch workers");
    return {};
}

Result<> Listener::on_policy()
{
    auto packet = policy_.receive();
    if (!packet) {
        if (packet.error().code == Errc::unavailable) return {};
        return packet.error();
    }
    if (!*packet) return Error{Errc::io, "policyd closed"};
    auto const object = ECLUSE_TRY(parse_object((*packet)->json));
    Fields fields{object};
    auto const push = fields.text("push");
    if (push == "start") {
        auto const address = fields.text("address", 64);
        ECLUSE_TRY(fields.finish());
        return start_for_browser(address, std::move((*packet)->descriptors));
    }
    if (push != "sources") fields.fault("push", "is not known");
    ECLUSE_TRY(fields.finish());
    if ((*packet)->descriptors.size() != 1) return Error{Errc::malformed, "sources without list"};
    return read_sources((*packet)->descriptors[0]);
}

std::optional<DropReason> Listener::refusal(SourceAddress const& from) const
{
    // INVARIANT: an empty list admits nobody.
    bool const declared = std::any_of(ranges_.begin(), ranges_.end(), [&](auto const& range) {
        return range.contains(from);
    });
    if (!declared && !answer_undeclared_) return DropReason::undeclared;
    auto const mine = per_source_.find(from);
    if (mine != per_source_.end() && mine->second >= per_source_max_) return DropReason::source_cap;
    if (static_cast<std::int64_t>(workers_.size()) >= connections_max_)
        return DropReason::total_cap;
    return std::nullopt;
}

void Listener::on_connection()
{
    for (int i = 0; i < accepts_per_turn; ++i) {
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        Fd vendor{::accept4(
            socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC | SOCK_NONBLOCK
        )};
        if (!vendor) {
            if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
                log(LogLevel::warning, os_error("accept").what);
            return;
        }
        auto const from = SourceAddress::from_socket(peer);
        if (!from) continue; // link-local: never declared
        if (auto const reason = refusal(*from)) {
            drops_.add(*from, *reason, std::chrono::steady_clock::now(), to_seconds(utc_now()));
            continue;
        }
        if (auto const started = start_worker(std::move(vendor), *from, port_of(peer)); !started)
            log(LogLevel::error, started.error().what);
    }
}

Result<> Listener::start_worker(Fd vendor, SourceAddress const& from, std::uint16_t from_port)
{
    auto [ours, workers] = ECLUSE_TRY(PacketSocket::pair());
    // policyd first: a worker that nobody decides for must not exist.
    ECLUSE_TRY(policy_.send(
        json::object{
            {"do", "listen.connection"},
            {"id", ++last_id_},
            {"address", from.to_string()},
            {"port", from_port}},
        {vendor.get(), ours.fd()}
    ));
    return run_worker(from, vendor.get(), workers.fd());
}

Result<> Listener::run_worker(SourceAddress const& from, int vendor, int policy)
{
    pid_t const pid = ::fork();
    if (pid < 0) return os_error("start worker");
    if (pid == 0) become(options_.worker.c_str(), {vendor, policy}, null_.get());
    workers_.emplace(pid, from);
    ++per_source_[from];
    return {};
}

Result<> Listener::start_for_browser(std::string const& address, std::vector<Fd> descriptors)
{
    auto const from = ECLUSE_TRY(SourceAddress::parse(address));
    if (descriptors.size() != start_descriptors || options_.terminal.empty())
        return Error{Errc::malformed, "a start that is none of this door's"};
    // A browser's session takes a place as a connection does. Refused: every end closes here, which
    // is how the others learn of it.
    if (auto const reason = refusal(from)) {
        drops_.add(from, *reason, std::chrono::steady_clock::now(), to_seconds(utc_now()));
        return {};
    }
    auto const& fd = descriptors;
    if (auto const started = run_worker(from, fd[0].get(), fd[1].get()); !started) {
        log(LogLevel::error, started.error().what);
        return {};
    }
    pid_t const pid = ::fork();
    if (pid < 0) {
        log(LogLevel::error, os_error("start terminal").what);
        return {};
    }
    if (pid == 0)
        become(options_.terminal.c_str(), {fd[2].get(), fd[3].get(), fd[4].get()}, null_.get());
    terminals_.insert(pid);
    return {};
}

void Listener::reap()
{
    signalfd_siginfo ignored{};
    while (::read(children_.get(), &ignored, sizeof ignored) > 0) {
    }
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        auto const worker = workers_.find(pid);
        bool const is_worker = worker != workers_.end();
        if (!is_worker && terminals_.erase(pid) == 0) continue;
        auto const& program = is_worker ? options_.worker : options_.terminal;
        if (WIFSIGNALED(status))
            log(LogLevel::error,
                (is_worker ? "worker " : "terminal ") + std::to_string(pid) + " ended by signal " +
                    std::to_string(WTERMSIG(status)));
        else if (WEXITSTATUS(status) == 127)
            log(LogLevel::error, "cannot start " + program);
        if (!is_worker) continue;
        auto const mine = per_source_.find(worker->second);
        if (mine != per_source_.end() && --mine->second == 0) per_source_.erase(mine);
        workers_.erase(worker);
    }
}

void Listener::tell_drops()
{
    for (auto const& drop : drops_.take_due(std::chrono::steady_clock::now())) {
        auto const sent = policy_.send(json::object{
            {"do", "listen.dropped"},
            {"id", ++last_id_},
            {"address", drop.address.to_string()},
            {"reason", to_text(drop.reason)},
            {"count", drop.count},
            {"since", to_iso(drop.since)}});
        // A flood that policyd cannot follow is still refused; only its count is lost.
        if (!sent) log(LogLevel::warning, "dropped connections not told: " + sent.error().what);
    }
    if (auto const forgotten = drops_.take_forgotten())
        log(LogLevel::warning, std::to_string(forgotten) + " connections dropped, not listed");
}

Result<> Listener::run()
{
    // Half the time that systemd waits; without a watchdog there is nothing to wake up for.
    auto const watchdog = watchdog_interval();
    int const idle =
        watchdog ? static_cast<int>(std::min<std::int64_t>(watchdog->count() / 2, 60'000)) : -1;
    for (;;) {
        tell_drops();
        if (watchdog) notify_alive();
        int timeout = idle;
        if (auto const due = drops_.next_due(); due != Deadline::max()) {
            auto const left = std::chrono::ceil<std::chrono::milliseconds>(
                due - std::chrono::steady_clock::now()
            );
            auto const wait = std::clamp<std::int64_t>(left.count(), 0, idle < 0 ? 60'000 : idle);
            timeout = static_cast<int>(wait);
        }
        pollfd waiting[3] = {
            {policy_.fd(), POLLIN, 0}, {socket_.get(), POLLIN, 0}, {children_.get(), POLLIN, 0}};
        if (::poll(waiting, 3, timeout) < 0 && errno != EINTR) return os_error("poll");
        // policyd first: a revoked address must not slip in by being quick.
        if (waiting[0].revents != 0) ECLUSE_TRY(on_policy());
        if (waiting[2].revents != 0) reap();
        if (waiting[1].revents != 0) on_connection();
    }
}

} // namespace ecluse::listen
