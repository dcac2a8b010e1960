#include "common/fd.h"
#include "common/sandbox.h"
#include "tests/support/must.h"

#include <catch2/generators/catch_generators.hpp>
#include <openssl/evp.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace ecluse;

namespace {

#ifdef ECLUSE_SANITIZED
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

/// What became of a process that confined itself and then tried something.
struct Outcome {
    int exit = -1;
    int signal = 0;
    friend bool operator==(Outcome, Outcome) = default;
};
constexpr Outcome done{.exit = 0, .signal = 0};
constexpr Outcome killed{.exit = -1, .signal = SIGSYS};
constexpr int not_confined = 255;
constexpr Outcome refused(int error)
{
    return {.exit = error, .signal = 0};
}

std::ostream& operator<<(std::ostream& out, Outcome const& outcome)
{
    return out << "exit " << outcome.exit << " signal " << outcome.signal;
}

/// The act answers 0 or an errno. A deadline ends a child that hangs.
using Act = std::function<int()>;

Outcome attempt(ProcessRole role, Act const& act, Folders const& folders = {})
{
    pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(20);
        if (!confine(role, folders)) ::_exit(not_confined);
        ::_exit(act());
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) return {.exit = -1, .signal = WTERMSIG(status)};
    return {.exit = WEXITSTATUS(status), .signal = 0};
}

/// Whether this system gives that layer to that role.
bool gives(ProcessRole role, std::string_view layer, Folders const& folders = {})
{
    pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto const confinement = confine(role, folders);
        ::_exit(confinement && confinement->has(layer) ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return status == 0;
}

int result_of(long value)
{
    return value < 0 ? errno : 0;
}

int try_open(char const* path, int flags = O_RDONLY)
{
    return result_of(::open(path, flags | O_CLOEXEC, 0600));
}

int try_socket(int family)
{
    return result_of(::socket(family, SOCK_STREAM, 0));
}

int try_connect(int fd)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(9);
    return result_of(::connect(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address));
}

int try_exec()
{
    char program[] = "/bin/true";
    char* arguments[] = {program, nullptr};
    ::execve(program, arguments, nullptr);
    return errno;
}

int try_fork()
{
    pid_t const child = ::fork();
    if (child == 0) ::_exit(0);
    return result_of(child);
}

int try_thread()
{
    std::string made;
    // Allocating there makes glibc open a second arena, which asks the system for more than the
    // first thread ever does.
    std::thread{[&] { made = std::string(100000, 'x'); }}.join();
    return made.size() == 100000 ? 0 : EIO;
}

int try_cipher()
{
    std::array<unsigned char, 32> key{};
    std::array<unsigned char, 64> out{};
    unsigned size = 0;
    if (EVP_Digest("ecluse", 6, out.data(), &size, EVP_sha256(), nullptr) != 1) return EIO;
    auto* const context = EVP_CIPHER_CTX_new();
    int written = 0;
    bool const encrypted =
        EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nullptr, key.data(), key.data()) == 1 &&
        EVP_EncryptUpdate(context, out.data(), &written, key.data(), 32) == 1 &&
        EVP_EncryptFinal_ex(context, out.data(), &written) == 1;
    EVP_CIPHER_CTX_free(context);
    return encrypted ? 0 : EIO;
}

int try_code_in_memory()
{
    void* const page =
        ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return EIO;
    return result_of(::mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

/// Reading, writing, waiting and passing descriptors, on what was open before.
int try_relay(int here, int there, int file)
{
    char byte = 'e';
    if (::send(here, &byte, 1, MSG_NOSIGNAL) != 1) return errno;
    pollfd waiting{.fd = there, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 1000) != 1) return EIO;
    if (::recv(there, &byte, 1, 0) != 1) return errno;
    struct stat about {};
    if (::fstat(file, &about) != 0) return errno;
    if (::pread(file, &byte, 1, 0) != 1) return errno;
    if (::lseek(file, 0, SEEK_SET) != 0) return errno;
    return result_of(::getrandom(&byte, 1, 0));
}

/// A picture larger than any desktop.
int try_much_memory()
{
    constexpr std::size_t bytes = 2048UL * 1024 * 1024;
    void* const got =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return got == MAP_FAILED ? errno : 0;
}

struct Folder {
    Folder()
    {
        char name[] = "/tmp/ecluse-sandbox-XXXXXX";
        REQUIRE(::mkdtemp(name));
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string path;
};

} // namespace

TEST_CASE("a confined worker or encoder does its work: sockets, files it holds, threads, ciphers")
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    Fd const here{ends[0]};
    Fd const there{ends[1]};
    auto const file = must(memory_file("key", "secret"));
    auto const role = GENERATE(
        ProcessRole::ssh_worker,
        ProcessRole::rdp_worker,
        ProcessRole::encoder,
        ProcessRole::replay,
        ProcessRole::timestamp
    );
    CHECK(attempt(role, [&] { return try_relay(here.get(), there.get(), file.get()); }) == done);
    CHECK(attempt(role, try_thread) == done);
    CHECK(attempt(role, try_cipher) == done);
}

TEST_CASE("what a confined worker or encoder has no use for is refused, and what only an intruder "
          "tries kills it")
{
    if (sanitized) SKIP("seccomp is off in sanitizer builds");
    Fd const earlier{::socket(AF_INET, SOCK_STREAM, 0)};
    struct Row {
        char const* what;
        Act act;
        Outcome expected;
    };
    std::vector<Row> const rows{
        {"open a file", [] { return try_open("/etc/passwd"); }, refused(EACCES)},
        {"name service socket", [] { return try_socket(AF_UNIX); }, refused(EACCES)},
        {"stat a file",
         [] {
             struct stat s {};
             return result_of(::stat("/etc", &s));
         },
         refused(EACCES)},
        {"network socket", [] { return try_socket(AF_INET); }, killed},
        {"netlink socket", [] { return try_socket(AF_NETLINK); }, killed},
        {"connect an older socket", [&] { return try_connect(earlier.get()); }, killed},
        {"start a program", try_exec, killed},
        {"start a process", try_fork, killed},
        {"trace", [] { return result_of(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }, killed},
        {"make memory code", try_code_in_memory, killed},
        {"signal the parent", [] { return result_of(::kill(::getppid(), 0)); }, killed},
        {"raise a limit",
         [] {
             rlimit l{1, 1};
             return result_of(::setrlimit(RLIMIT_NPROC, &l));
         },
         killed},
        {"become traceable", [] { return result_of(::prctl(PR_SET_DUMPABLE, 1)); }, killed},
    };
    auto const role = GENERATE(
        ProcessRole::ssh_worker,
        ProcessRole::rdp_worker,
        ProcessRole::encoder,
        ProcessRole::replay,
        ProcessRole::timestamp
    );
    for (auto const& row : rows) {
        // FreeRDP looks a name up when a target redirects it: that ends a session, not a process.
        bool const is_asked_politely =
            role == ProcessRole::rdp_worker && std::string_view{row.what}.ends_with("k socket");
        CAPTURE(row.what);
        CHECK(attempt(role, row.act) == (is_asked_politely ? refused(EACCES) : row.expected));
    }
}

TEST_CASE("a confined encoder or RDP worker cannot take the machine's memory")
{
    if (sanitized) SKIP("limits are off in sanitizer builds");
    auto const role = GENERATE(ProcessRole::rdp_worker, ProcessRole::encoder, ProcessRole::replay);
    CHECK(attempt(role, try_much_memory) == refused(ENOMEM));
}

TEST_CASE(
    "a confined recorder writes in its folder and nowhere else, and has no network", "[WEB:GP3]"
)
{
    if (sanitized) SKIP("Landlock and seccomp are off in sanitizer builds");
    Folder const own;
    Folder const other;
    Folders const folders{.read = {}, .write = {own.path}, .execute = {}};
    auto const recorder = [&](Act const& act) {
        return attempt(ProcessRole::recorder, act, folders);
    };
    auto const create = O_WRONLY | O_CREAT;
    CHECK(recorder([&] { return try_open((own.path + "/a").c_str(), create); }) == done);
    CHECK(recorder([&] { return result_of(::mkdir((own.path + "/d").c_str(), 0700)); }) == done);
    CHECK(recorder([&] {
              return result_of(::rename((own.path + "/a").c_str(), (own.path + "/d/a").c_str()));
          }) == done);
    CHECK(recorder([&] { return result_of(::unlink((own.path + "/d/a").c_str())); }) == done);
    CHECK(recorder(try_thread) == done);
    CHECK(recorder(try_cipher) == done);
    CHECK(recorder([] { return try_socket(AF_UNIX); }) == done);

    CHECK(recorder([] { return try_socket(AF_INET); }) == refused(ENOSYS));
    CHECK(recorder(try_exec) == killed);
    CHECK(recorder([] { return result_of(::unshare(CLONE_NEWUSER)); }) == refused(ENOSYS));
    CHECK(recorder([] {
              return result_of(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr));
          }) == killed);
    if (!gives(ProcessRole::recorder, layer_files, folders)) SKIP("this kernel has no Landlock");
    CHECK(recorder([&] {
              return try_open((other.path + "/a").c_str(), create);
          }) == refused(EACCES));
    CHECK(recorder([&] { return try_open(other.path.c_str()); }) == refused(EACCES));
    CHECK(recorder([] { return try_open("/etc/shadow"); }) == refused(EACCES));
}

TEST_CASE("a confined listener starts a worker, which confines itself further")
{
    CHECK(attempt(ProcessRole::listener, try_exec) == refused(0));
    auto const as_worker = [](Act const& act) {
        return [act] {
            pid_t const child = ::fork();
            if (child == 0) ::_exit(confine(ProcessRole::ssh_worker) ? act() : not_confined);
            int status = 0;
            if (::waitpid(child, &status, 0) != child) return not_confined;
            return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
        };
    };
    CHECK(attempt(ProcessRole::listener, as_worker(try_thread)) == done);
    CHECK(attempt(ProcessRole::listener, as_worker(try_cipher)) == done);
    if (sanitized) SKIP("seccomp is off in sanitizer builds");
    CHECK(attempt(ProcessRole::listener, as_worker(try_exec)) == refused(SIGSYS));
    CHECK(attempt(ProcessRole::listener, [] { return try_socket(AF_INET); }) == refused(ENOSYS));
}

TEST_CASE("a confined policyd dials, and cannot take a port")
{
    if (sanitized) SKIP("Landlock and seccomp are off in sanitizer builds");
    auto const dial = [] {
        Fd const socket{::socket(AF_INET, SOCK_STREAM, 0)};
        return socket ? try_connect(socket.get()) : errno;
    };
    CHECK(attempt(ProcessRole::policyd, dial) == refused(ECONNREFUSED));
    if (!gives(ProcessRole::policyd, layer_files)) SKIP("this kernel has no Landlock");
    CHECK(attempt(ProcessRole::policyd, [] {
              Fd const socket{::socket(AF_INET, SOCK_STREAM, 0)};
              sockaddr_in address{};
              address.sin_family = AF_INET;
              address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
              return result_of(
                  ::bind(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address)
              );
          }) == refused(EACCES));
}

TEST_CASE("a confined report reads fonts and writes nothing")
{
    if (sanitized) SKIP("Landlock and seccomp are off in sanitizer builds");
    Folder const other;
    auto const path = other.path + "/a";
    CHECK(attempt(ProcessRole::report, [] { return try_open("/usr/share/fonts"); }) == done);
    auto const outcome =
        attempt(ProcessRole::report, [&] { return try_open(path.c_str(), O_WRONLY | O_CREAT); });
    CHECK(outcome != done);
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(attempt(ProcessRole::report, try_exec) == killed);
}

TEST_CASE(
    "a confined process reaches no network, cannot be read, leaves no core",
    "[WEB:GP3][CLAUSIER:O-9.2]"
)
{
    auto const role = GENERATE(
        ProcessRole::ssh_worker,
        ProcessRole::rdp_worker,
        ProcessRole::listener,
        ProcessRole::encoder,
        ProcessRole::replay,
        ProcessRole::timestamp,
        ProcessRole::recorder,
        ProcessRole::report
    );
    CHECK(gives(role, layer_privileges));
    CHECK(gives(role, layer_dump));
    CHECK(gives(role, layer_capabilities));
    CHECK(gives(role, layer_calls) == !sanitized);
}

TEST_CASE("a folder that is not there, and a thread that already runs, stop the confinement")
{
    if (sanitized) SKIP("Landlock is off in sanitizer builds, and sanitizers start threads");
    if (gives(ProcessRole::recorder, layer_files))
        CHECK(
            attempt(
                ProcessRole::recorder,
                [] { return 0; },
                {.read = {}, .write = {"/nowhere"}, .execute = {}}
            ) == refused(not_confined)
        );
    pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::thread other{[] { ::pause(); }};
        other.detach();
        ::_exit(confine(ProcessRole::ssh_worker) ? 0 : not_confined);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == not_confined);
}

TEST_CASE("the confinement says what is missing and why")
{
    Confinement confinement;
    confinement.layers.push_back({layer_privileges, true, ""});
    CHECK(confinement.complete());
    CHECK(confinement.describe() == "confined by no new privileges");
    confinement.layers.push_back({layer_network, false, "unshare: Operation not permitted"});
    CHECK_FALSE(confinement.complete());
    CHECK_FALSE(confinement.has(layer_network));
    CHECK(
        confinement.describe() == "confined by no new privileges; missing: empty network "
                                  "(unshare: Operation not permitted)"
    );
}
