#include "tests/support/recorder_process.h"

#include "common/bytes.h"
#include "common/json.h"
#include "recorder/format/certificate.h"
#include "tests/support/must.h"

#include <cerrno>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace ecluse::test {
namespace {

bool readable(int fd, std::chrono::milliseconds limit)
{
    pollfd watched{fd, POLLIN, 0};
    return ::poll(&watched, 1, static_cast<int>(limit.count())) > 0;
}

std::uint64_t mono_us()
{
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch()
    )
                                          .count());
}

std::string slurp(std::string const& path)
{
    std::ifstream file{path};
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

} // namespace

RecorderProcess::RecorderProcess(std::string root, std::vector<std::string> options)
    : root_{std::move(root)}
{
    std::filesystem::create_directories(root_ + "/run");
    std::vector<std::string> words{ECLUSE_RECORDER_PROGRAM, "--root", root_};
    words.insert(words.end(), options.begin(), options.end());
    if (options.empty())
        for (auto const* word :
             {"--warn-bytes",
              "3",
              "--refuse-bytes",
              "2",
              "--end-bytes",
              "1",
              "--reserve-bytes",
              "65536"})
            words.emplace_back(word);
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
        ::execv(arguments[0], arguments.data());
        ::_exit(127);
    }
}

RecorderProcess::~RecorderProcess()
{
    if (pid_ < 0) return;
    ::kill(pid_, SIGCONT);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void RecorderProcess::signal(int number) const
{
    REQUIRE(::kill(pid_, number) == 0);
}

int RecorderProcess::wait()
{
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, 0) == pid_);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::uint64_t RecorderProcess::memory_kib(std::string_view field) const
{
    return process_memory_kib(pid_, field);
}

std::chrono::milliseconds RecorderProcess::cpu() const
{
    return process_cpu(pid_);
}

std::uint64_t process_memory_kib(int pid, std::string_view field)
{
    auto const file = field == "Pss" ? "/smaps_rollup" : "/status";
    std::istringstream text{slurp("/proc/" + std::to_string(pid) + file)};
    std::string word;
    std::uint64_t value = 0;
    while (text >> word)
        if (word == std::string{field} + ":" && text >> value) return value;
    return 0;
}

std::chrono::milliseconds process_cpu(int pid)
{
    auto const text = slurp("/proc/" + std::to_string(pid) + "/stat");
    std::istringstream fields{text.substr(text.rfind(')') + 2)};
    std::string skipped;
    for (int i = 0; i < 11; ++i)
        fields >> skipped;
    long user = 0;
    long system = 0;
    fields >> user >> system;
    return std::chrono::milliseconds{(user + system) * 1000 / ::sysconf(_SC_CLK_TCK)};
}

void Intake::write(FrameKind kind, std::string_view payload, std::uint16_t channel)
{
    std::string frame;
    append_frame(frame, kind, channel, mono_us(), payload);
    write_raw(frame);
    ++written_;
}

void Intake::write_raw(std::string_view bytes)
{
    must(write_all(fd_.get(), bytes));
}

std::optional<std::uint64_t>
Intake::acknowledged(std::uint64_t count, std::chrono::milliseconds limit)
{
    auto const deadline = std::chrono::steady_clock::now() + limit;
    while (acknowledged_ < count) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        if (left.count() <= 0 || !readable(fd_.get(), left)) return std::nullopt;
        char bytes[512];
        auto const got = ::recv(fd_.get(), bytes, sizeof bytes, 0);
        if (got <= 0) return std::nullopt;
        acks_.append(bytes, static_cast<std::size_t>(got));
        while (acks_.size() >= 8) {
            std::uint64_t number = 0;
            for (int i = 0; i < 8; ++i)
                number =
                    number << 8 | static_cast<unsigned char>(acks_[static_cast<std::size_t>(i)]);
            // A heartbeat repeats the number.
            CHECK(number >= acknowledged_);
            acknowledged_ = number;
            acks_.erase(0, 8);
        }
    }
    return acknowledged_;
}

bool Intake::closed(std::chrono::milliseconds limit)
{
    auto const deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        if (left.count() <= 0 || !readable(fd_.get(), left)) return false;
        char bytes[512];
        if (::recv(fd_.get(), bytes, sizeof bytes, 0) <= 0) return true;
    }
}

struct PolicydSide::Kept {
    std::deque<json::object> pushes;
    json::object greeting;
};

PolicydSide::PolicydSide(std::string const& socket, bool greet) : kept_{std::make_unique<Kept>()}
{
    // The socket file appears when the recorder is ready.
    auto const folder = socket.substr(0, socket.rfind('/'));
    Fd const events{::inotify_init1(IN_CLOEXEC)};
    ::inotify_add_watch(events.get(), folder.c_str(), IN_CREATE | IN_MOVED_TO | IN_ATTRIB);
    auto const deadline = std::chrono::steady_clock::now() + 20s;
    for (;;) {
        auto connected = PacketSocket::connect(socket);
        if (connected) {
            socket_ = *std::move(connected);
            break;
        }
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        char drained[4096];
        if (readable(events.get(), 100ms))
            REQUIRE(::read(events.get(), drained, sizeof drained) > 0);
    }
    if (!greet) return;
    kept_->greeting = ask(
        {{"do", "recorder.hello"},
         {"recipients",
          json::array{
              json::object{
                  {"name", "rssi"}, {"certificate", identity(KeyKind::rsa3072).certificate}},
              json::object{
                  {"name", "escrow"}, {"certificate", identity(KeyKind::p384).certificate}}}}}
    );
    REQUIRE(kept_->greeting.at("ok").as_bool());
}

PolicydSide::~PolicydSide() = default;

json::object const& PolicydSide::greeting() const
{
    return kept_->greeting;
}

void PolicydSide::tell(json::object const& request, std::vector<int> const& descriptors)
{
    auto numbered = request;
    numbered["id"] = ++id_;
    must(socket_.send(numbered, descriptors));
}

std::optional<json::object>
PolicydSide::try_ask(json::object const& request, std::vector<int> const& descriptors)
{
    tell(request, descriptors);
    for (;;) {
        auto packet = socket_.receive(20s);
        if (!packet || !*packet) return std::nullopt;
        auto object = must(parse_object((*packet)->json));
        if (object.contains("push")) {
            kept_->pushes.push_back(std::move(object));
            continue;
        }
        if (object.at("re").to_number<std::int64_t>() != id_) continue;
        descriptors_ = std::move((*packet)->descriptors);
        return object;
    }
}

json::object PolicydSide::ask(json::object const& request, std::vector<int> const& descriptors)
{
    auto answer = try_ask(request, descriptors);
    REQUIRE(answer);
    return *std::move(answer);
}

Intake PolicydSide::create(std::string const& session)
{
    auto const answer = ask(
        {{"do", "recorder.create"},
         {"session", session},
         {"header",
          {{"person", "P-TEST"},
           {"protocol", "ssh"},
           {"evidence_certificate_sha256",
            must(recording::parse_certificate(identity(KeyKind::p256).certificate))
                .fingerprint()}}}}
    );
    INFO(json::serialize(answer));
    REQUIRE(answer.at("ok").as_bool());
    REQUIRE(descriptors_.size() == 1);
    return Intake{std::move(descriptors_[0])};
}

json::object
PolicydSide::push(std::string_view kind, std::string_view session, std::chrono::milliseconds limit)
{
    auto const fits = [&](json::object const& object) {
        return object.at("push").as_string() == kind &&
               (session.empty() || object.at("session").as_string() == session);
    };
    auto const deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        for (auto at = kept_->pushes.begin(); at != kept_->pushes.end(); ++at) {
            if (!fits(*at)) continue;
            auto found = std::move(*at);
            kept_->pushes.erase(at);
            return found;
        }
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        INFO("waiting for push " << kind << " of " << session);
        REQUIRE(left.count() > 0);
        auto const packet = must(socket_.receive(left));
        REQUIRE(packet);
        auto object = must(parse_object(packet->json));
        if (object.contains("push")) kept_->pushes.push_back(std::move(object));
    }
}

void PolicydSide::countersign(std::string const& folder, std::string const& session)
{
    auto const& evidence = identity(KeyKind::p256);
    auto const seal = must(read_file(folder + "/seal.json", 1 << 20));
    auto const mark = folder + "/../../../../pending/" + session;
    REQUIRE(std::filesystem::is_symlink(mark));
    Fd const events{::inotify_init1(IN_CLOEXEC)};
    ::inotify_add_watch(events.get(), (folder + "/../../../../pending").c_str(), IN_DELETE);
    tell(
        {{"do", "recorder.countersign"},
         {"session", session},
         {"signature", to_base64(sign_with(evidence, seal))},
         {"certificate", evidence.certificate}}
    );
    while (std::filesystem::is_symlink(mark)) {
        char drained[4096];
        REQUIRE(readable(events.get(), 10s));
        REQUIRE(::read(events.get(), drained, sizeof drained) > 0);
    }
}

std::string folder_of(std::string const& root, std::string const& session)
{
    return std::filesystem::canonical(root + "/recordings/by-id/" + session).string();
}

std::string session_id(int number)
{
    return "S-TEST" + std::to_string(number);
}

} // namespace ecluse::test
