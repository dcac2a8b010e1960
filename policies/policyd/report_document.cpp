#include "policies/policyd/report_document.h"

#include "common/json.h"
#include "common/loop.h"
#include "common/packet.h"
#include "policies/policyd/context.h"
#include "policies/report/sign.h"
#include "policies/vault/evidence_key.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ecluse::policyd {
namespace {

using namespace std::chrono_literals;

/// The largest report measured (200 sessions, 2,000 transfers) takes a few seconds.
constexpr auto render_wait = 60s;
constexpr std::size_t signed_bytes_max = 64 * 1024 * 1024;
/// Where the program finds its only socket.
constexpr int child_descriptor = 3;

/// A child that is killed and reaped when its owner leaves, however it leaves.
class Child {
public:
    explicit Child(pid_t pid) : pid_{pid} {}
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;
    ~Child()
    {
        ::kill(pid_, SIGKILL);
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }

private:
    pid_t pid_;
};

/// Our programs stand side by side, in bin/ of a build and in libexec of an installation.
std::string program_path()
{
    std::error_code ec;
    auto const self = std::filesystem::read_symlink("/proc/self/exe", ec);
    return (self.parent_path() / "ecluse-report").string();
}

Result<pid_t> start(PacketSocket const& childs_end)
{
    auto const program = program_path();
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return os_error("start ecluse-report");
    // Dup2 onto itself would keep close-on-exec, so the socket is moved out of the way first.
    int const high = ::fcntl(childs_end.fd(), F_DUPFD_CLOEXEC, child_descriptor + 1);
    posix_spawn_file_actions_adddup2(&actions, high, child_descriptor);
    char name[] = "ecluse-report";
    char verb[] = "render";
    char* arguments[] = {name, verb, nullptr};
    char* environment[] = {nullptr};
    pid_t pid = -1;
    int const failed =
        posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    ::close(high);
    if (failed != 0) {
        errno = failed;
        return os_error("start " + program);
    }
    return pid;
}

Result<> answer_signature(PacketSocket const& parent, Packet const& asked, EvidenceKey const& key)
{
    if (asked.descriptors.size() != 1)
        return Error{Errc::malformed, "ecluse-report: nothing to sign came with its request"};
    auto const bytes = ECLUSE_TRY(read_all(asked.descriptors[0].get(), signed_bytes_max));
    auto const pem = key.private_pem();
    auto const cms = ECLUSE_TRY(
        report::sign_cades_detached(bytes, key.certificate_pem(), std::string{pem.reveal()})
    );
    auto const file = ECLUSE_TRY(memory_file("signature", cms));
    return parent.send(json::object{{"re", "sign"}}, {file.get()});
}

Result<Fd> render(ReportDocument const& document, EvidenceKey const& key)
{
    auto [parent, childs] = ECLUSE_TRY(PacketSocket::pair());
    Child const child{ECLUSE_TRY(start(childs))};
    (void)childs.take(); // the child has its own
    auto const facts = ECLUSE_TRY(memory_file("facts", document.facts));
    std::vector<int> descriptors{facts.get()};
    Fd form;
    if (!document.form.empty()) {
        form = ECLUSE_TRY(memory_file("form", document.form));
        descriptors.push_back(form.get());
    }
    ECLUSE_TRY(parent.send(
        json::object{
            {"do", "report.render"},
            {"id", 1},
            {"language", to_code(document.language)},
            {"seal", document.seal}},
        descriptors
    ));
    for (;;) {
        auto packet = ECLUSE_TRY(parent.receive(render_wait));
        if (!packet) return Error{Errc::io, "ecluse-report ended without a document"};
        auto const object = ECLUSE_TRY(parse_object(packet->json));
        if (object.contains("push")) {
            if (!document.seal) return Error{Errc::refused, "ecluse-report asked to sign a draft"};
            ECLUSE_TRY(answer_signature(parent, *packet, key));
            continue;
        }
        if (packet->descriptors.size() == 1) return std::move(packet->descriptors[0]);
        return Error{Errc::io, "ecluse-report refused: " + json::serialize(object)};
    }
}

} // namespace

void render_report(Context& context, ReportDocument document, std::function<void(Result<Fd>)> done)
{
    struct Job {
        ReportDocument document;
        Result<Fd> result = Error{Errc::unavailable, "render report: not run"};
    };
    auto job = std::make_shared<Job>(Job{.document = std::move(document)});
    auto const* const key = &context.evidence;
    context.loop.in_pool(
        [job, key] { job->result = render(job->document, *key); },
        [job, done = std::move(done)] { done(std::move(job->result)); }
    );
}

} // namespace ecluse::policyd
