#include "common/notify.h"
#include "common/packet.h"
#include "tests/support/must.h"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace ecluse;
using namespace std::chrono_literals;

namespace {

/// What systemd is to a service: a datagram socket on a path, named in the environment.
class Manager {
public:
    Manager()
    {
        char name[] = "/tmp/ecluse-notify-XXXXXX";
        REQUIRE(::mkdtemp(name));
        folder_ = name;
        auto const path = folder_ + "/notify";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, path.c_str());
        socket_ = Fd{::socket(AF_UNIX, SOCK_DGRAM, 0)};
        REQUIRE(
            ::bind(socket_.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0
        );
        timeval const limit{.tv_sec = 5, .tv_usec = 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    ~Manager()
    {
        ::unsetenv("NOTIFY_SOCKET");
        std::filesystem::remove_all(folder_);
    }
    std::string next()
    {
        char text[1024];
        auto const size = ::recv(socket_.get(), text, sizeof text, 0);
        return size < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(size));
    }

private:
    std::string folder_;
    Fd socket_;
};

/// Runs in a process of its own: descriptors from 3 are the test program's otherwise.
int in_child(int (*body)())
{
    pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) ::_exit(body());
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WEXITSTATUS(status);
}

} // namespace

TEST_CASE("the manager hears ready, status, alive and stopping, each on one line")
{
    Manager manager;
    notify_ready("3 sessions");
    CHECK(manager.next() == "READY=1\nSTATUS=3 sessions");
    notify_status("hostile\nMAINPID=1");
    CHECK(manager.next() == "STATUS=hostile MAINPID=1");
    notify_alive();
    CHECK(manager.next() == "WATCHDOG=1");
    notify_stopping("end");
    CHECK(manager.next() == "STOPPING=1\nSTATUS=end");
}

TEST_CASE("without a manager nothing happens")
{
    ::unsetenv("NOTIFY_SOCKET");
    notify_ready("alone");
}

TEST_CASE("the watchdog interval is ours, another's, or nonsense")
{
    ::unsetenv("WATCHDOG_PID");
    ::unsetenv("WATCHDOG_USEC");
    CHECK(watchdog_interval() == std::nullopt);
    ::setenv("WATCHDOG_USEC", "10000000", 1);
    CHECK(watchdog_interval() == 10s);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    CHECK(watchdog_interval() == 10s);
    ::setenv("WATCHDOG_PID", "1", 1);
    CHECK(watchdog_interval() == std::nullopt);
    ::unsetenv("WATCHDOG_PID");
    for (auto const* nonsense : {"", "0", "-5", "10s"}) {
        ::setenv("WATCHDOG_USEC", nonsense, 1);
        CHECK(watchdog_interval() == std::nullopt);
    }
    ::unsetenv("WATCHDOG_USEC");
}

TEST_CASE("descriptors passed to this process come with their names, close-on-exec")
{
    CHECK(in_child([] {
              int pipe_ends[2];
              if (::pipe(pipe_ends) != 0) return 1;
              if (::dup2(pipe_ends[0], 3) != 3 || ::dup2(pipe_ends[1], 4) != 4) return 2;
              ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
              ::setenv("LISTEN_FDS", "2", 1);
              ::setenv("LISTEN_FDNAMES", "ssh:rdp", 1);
              auto const passed = listen_descriptors();
              if (!passed || passed->size() != 2) return 3;
              if ((*passed)[0].name != "ssh" || (*passed)[1].name != "rdp") return 4;
              if ((*passed)[1].fd.get() != 4) return 5;
              return ::fcntl(3, F_GETFD) == FD_CLOEXEC ? 0 : 6;
          }) == 0);
}

TEST_CASE("descriptors meant for another process are not taken")
{
    CHECK(in_child([] {
              ::setenv("LISTEN_PID", "1", 1);
              ::setenv("LISTEN_FDS", "1", 1);
              auto const passed = listen_descriptors();
              return passed && passed->empty() ? 0 : 1;
          }) == 0);
    CHECK(in_child([] {
              ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
              ::setenv("LISTEN_FDS", "many", 1);
              return listen_descriptors() ? 1 : 0;
          }) == 0);
}

TEST_CASE("a listener is the one systemd made, or a new one, and never of another kind")
{
    char folder[] = "/tmp/ecluse-listener-XXXXXX";
    REQUIRE(::mkdtemp(folder));
    std::string const path = std::string{folder} + "/operator.sock";
    std::vector<NamedDescriptor> passed;
    passed.push_back({"other.sock", must(listen_packets(path + ".other", 0600))});
    passed.push_back({"operator.sock", must(listen_packets(path + ".made", 0600))});
    int const made = passed[1].fd.get();

    auto const taken = must(take_packet_listener(passed, path, 0600));
    CHECK(taken.get() == made);
    CHECK_FALSE(std::filesystem::exists(path));
    REQUIRE(passed.size() == 1);
    CHECK(accept_packets(taken.get()).error().code == Errc::unavailable);

    auto const fresh = must(take_packet_listener(passed, path, 0600));
    CHECK(must(PacketSocket::connect(path)));
    CHECK(passed.size() == 1);

    passed.push_back({"operator.sock", Fd{::socket(AF_UNIX, SOCK_STREAM, 0)}});
    CHECK(take_packet_listener(passed, path, 0600).error().code == Errc::malformed);
    std::filesystem::remove_all(folder);
}
