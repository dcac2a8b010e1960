#include "tests/support/rdp_lab.h"

#include "tests/support/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <sstream>

using namespace ecluse;
using namespace ecluse::test;
using namespace std::chrono_literals;

// The world around Écluse must be sound before Écluse is judged in it.

namespace {

void type_and_find(RdpTarget& target, std::string const& account, std::string const& folder)
{
    RdpDesk desk{folder + "/desk"};
    auto const client = desk.connect(RdpDesk::direct(target, account));
    INFO(target.logs());
    REQUIRE(desk.desktop_comes());
    desk.click(300, 300);
    auto const before = desk.look();
    desk.type("echo \"été à l'hôpital n°7\" >mot.txt");
    desk.key("Return");
    INFO(target.file(account, "mot.txt"));
    REQUIRE(target.wait_for_file(account, "mot.txt", "été à l'hôpital n°7\n"));
    // What was typed is on the picture too, and the rest of it has not changed.
    REQUIRE(desk.wait_until_seen([&](Picture const& now) {
        auto const likeness = psnr(before, now);
        return likeness > 15 && likeness < 60;
    }));
}

/// Whether the kernel knows one from this address (as it writes it) to this port.
bool has_connection_from(std::string const& address, std::string const& port)
{
    std::ifstream table{"/proc/net/tcp"};
    for (std::string line; std::getline(table, line);) {
        std::istringstream words{line};
        std::string number, local, remote;
        words >> number >> local >> remote;
        if (local.rfind(address + ":", 0) != 0) continue;
        if (std::stoi(remote.substr(remote.find(':') + 1), nullptr, 16) == std::stoi(port))
            return true;
    }
    return false;
}

} // namespace

TEST_CASE("the laboratory's xrdp shows a desktop and takes what is typed in French")
{
    TempFolder const folder;
    RdpTarget target{RdpTarget::Kind::xrdp, folder / "target", 2};
    type_and_find(target, "desk2", folder.path());
}

TEST_CASE("the laboratory's shadow server asks for NLA and takes what is typed in French")
{
    TempFolder const folder;
    RdpTarget target{RdpTarget::Kind::shadow_nla, folder / "target"};
    type_and_find(target, "desk1", folder.path());

    RdpDesk desk{folder / "stranger"};
    auto words = RdpDesk::direct(target, "desk1");
    words[2] = "/p:faux";
    CHECK(desk.connect(words)->finish(20s).status != 0);
}

TEST_CASE("a laboratory client leaves from the address it is told, and sees a changed certificate")
{
    TempFolder const folder;
    RdpTarget target{RdpTarget::Kind::shadow_tls, folder / "target"};
    RdpDesk desk{folder / "desk"};
    auto words = RdpDesk::direct(target, "desk1");
    words[0] = "/v:127.0.0.1:" + desk.leaving_from("127.0.0.2", target.port());
    {
        auto const client = desk.connect(words);
        REQUIRE(desk.desktop_comes());
        CHECK(has_connection_from("0200007F", target.port()));
    }
    target.change_certificate();
    CHECK(desk.connect(words)->finish(20s).status != 0);
}
