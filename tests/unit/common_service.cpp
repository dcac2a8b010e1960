#include "common/service.h"
#include "tests/support/must.h"

#include <cstdlib>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace ecluse;
using namespace std::chrono_literals;

TEST_CASE("a loop that turns tells the manager so, and only when it is asked")
{
    Loop loop;
    ::unsetenv("WATCHDOG_USEC");
    CHECK_FALSE(keep_alive(loop));

    char folder[] = "/tmp/ecluse-service-XXXXXX";
    REQUIRE(::mkdtemp(folder));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::string const path = std::string{folder} + "/notify";
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    int const manager = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(manager, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "20000", 1);

    std::string heard;
    auto const listening = loop.on_readable(manager, [&] {
        char text[64];
        auto const size = ::recv(manager, text, sizeof text, 0);
        heard.assign(text, size > 0 ? static_cast<std::size_t>(size) : 0);
        loop.stop();
    });
    auto const limit = loop.after(10s, [&] { loop.stop(); });
    auto const alive = keep_alive(loop);
    CHECK(alive);
    loop.run();
    CHECK(heard == "WATCHDOG=1");

    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("NOTIFY_SOCKET");
    ::close(manager);
    std::filesystem::remove_all(folder);
}
