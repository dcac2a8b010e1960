#include "tests/support/rdp_rig.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <poll.h>
#include <sstream>
#include <sys/socket.h>

namespace ecluse::test {
namespace {

std::string contents(std::string const& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

Fd connect_to(std::string const& port)
{
    Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(
        ::connect(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0
    );
    return socket;
}

struct ProcessLine {
    std::string name;
    char state = '?';
    int parent = 0;
};

/// The name stands in brackets, and may hold anything.
ProcessLine process_line(int pid)
{
    auto const line = contents("/proc/" + std::to_string(pid) + "/stat");
    auto const open = line.find('(');
    auto const close = line.rfind(')');
    ProcessLine process;
    if (open == std::string::npos || close == std::string::npos) return process;
    process.name = line.substr(open + 1, close - open - 1);
    std::istringstream rest{line.substr(close + 1)};
    rest >> process.state >> process.parent;
    return process;
}

} // namespace

RdpRig::RdpRig(RdpTarget::Kind kind)
{
    std::filesystem::create_directories(folder_ / "run");
    auto const made = run(
        {"openssl",
         "req",
         "-x509",
         "-newkey",
         "rsa:2048",
         "-nodes",
         "-days",
         "2",
         "-subj",
         "/CN=porte",
         "-keyout",
         folder_ / "door.key",
         "-out",
         folder_ / "door.pem"}
    );
    REQUIRE(made.status == 0);
    target_ = std::make_unique<RdpTarget>(kind, folder_ / "target");
    target_port_ = target_->port();
    desk_ = std::make_unique<RdpDesk>(folder_ / "desk");
    policy_ = std::make_unique<ScriptedPolicy>(
        folder_ / "run/listen.sock",
        std::vector{contents(folder_ / "door.pem"), contents(folder_ / "door.key")},
        [this] {
            ++dials_;
            return connect_to(target_port_);
        },
        [] { return Fd{}; }
    );
    policy_->change([&](ScriptedPolicy::Script& script) {
        script.target_user = "desk1";
        script.target_password = target_->password();
        script.target_keys = {target_->fingerprint()};
        script.target_security = kind == RdpTarget::Kind::shadow_nla ? "nla" : "tls";
        script.functions = {"desktop"};
        // A machine that builds and tests at once is slow to sync; the bound itself has its test.
        script.stall_ms = 5000;
    });
    listener_ = std::make_unique<Program>(Program::Options{
        {ECLUSE_LISTEN_PROGRAM,
         "--root",
         folder_.path(),
         "--door",
         "rdp",
         "--address",
         "127.0.0.1",
         "--port",
         "0",
         "--worker",
         ECLUSE_RDP_WORKER_PROGRAM},
        {},
        false,
        true});
    REQUIRE(listener_->wait_for_output("\n"));
    auto const& line = listener_->out();
    port_ = line.substr(5, line.find('\n') - 5);
}

RdpRig::~RdpRig()
{
    listener_->signal(SIGKILL);
    auto const said = listener_->finish(std::chrono::seconds{5}).err;
    UNSCOPED_INFO(said);
    listener_.reset();
    policy_.reset();
}

void RdpRig::use_target(std::string const& port, std::string const& fingerprint)
{
    target_port_ = port;
    policy_->change([&](auto& script) { script.target_keys = {fingerprint}; });
}

std::unique_ptr<Program>
RdpRig::connect(std::string const& user, std::vector<std::string> const& more)
{
    std::vector<std::string> words{
        "/v:127.0.0.1:" + port_, "/u:" + user, "/p:", "/cert:ignore", "/sec:tls"};
    words.insert(words.end(), more.begin(), more.end());
    return desk_->connect(words);
}

std::unique_ptr<Program> RdpRig::connect_with_ticket()
{
    return connect(ScriptedPolicy::Script{}.ticket);
}

Fd RdpRig::knock() const
{
    return connect_to(port_);
}

std::vector<int> RdpRig::processes(std::string const& name) const
{
    std::vector<int> found;
    std::error_code none;
    for (auto const& entry : std::filesystem::directory_iterator{"/proc", none}) {
        auto const number = entry.path().filename().string();
        if (number.find_first_not_of("0123456789") != std::string::npos) continue;
        int const pid = std::stoi(number);
        auto const process = process_line(pid);
        // The kernel keeps fifteen characters of a name.
        if (process.state == 'Z' || process.name != name.substr(0, 15)) continue;
        int above = process.parent;
        while (above > 1 && above != listener_->pid())
            above = process_line(above).parent;
        if (above == listener_->pid()) found.push_back(pid);
    }
    return found;
}

bool RdpRig::wait_gone(std::string const& name, std::chrono::milliseconds limit) const
{
    auto const until = std::chrono::steady_clock::now() + limit;
    while (!processes(name).empty()) {
        if (std::chrono::steady_clock::now() >= until) return false;
        ::poll(nullptr, 0, 20);
    }
    return true;
}

std::string RdpRig::ended(std::chrono::seconds limit, std::size_t count)
{
    if (!policy_->wait_for("ended", count, limit)) return {};
    return std::string{policy_->requests("ended").at(count - 1).at("reason").as_string()};
}

} // namespace ecluse::test
