#include "tests/support/full_rdp.h"

#include <catch2/catch_test_macros.hpp>

#include <cctype>
#include <fstream>
#include <poll.h>

namespace ecluse::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto start_limit = 20s;

void pace()
{
    ::poll(nullptr, 0, 30);
}

std::vector<int> children_of(int process)
{
    std::vector<int> found;
    auto const name = std::to_string(process);
    std::ifstream children{"/proc/" + name + "/task/" + name + "/children"};
    for (int pid = 0; children >> pid;)
        found.push_back(pid);
    return found;
}

/// "AA:BB:…", as people read it from a certificate.
std::string spelled(std::string const& hex)
{
    std::string text;
    for (std::size_t i = 0; i < hex.size(); ++i) {
        if (i > 0 && i % 2 == 0) text += ':';
        text += static_cast<char>(std::toupper(static_cast<unsigned char>(hex[i])));
    }
    return text;
}

/// As the kernel keeps it: at most 15 characters.
std::string name_of(int process)
{
    std::ifstream file{"/proc/" + std::to_string(process) + "/comm"};
    std::string name;
    std::getline(file, name);
    return name;
}

void gather(int process, std::string const& program, std::vector<int>& found)
{
    for (int const child : children_of(process)) {
        if (name_of(child) == program.substr(0, 15)) found.push_back(child);
        gather(child, program, found);
    }
}

} // namespace

FullRdp::FullRdp(RdpTarget::Kind kind)
{
    target_ = std::make_unique<RdpTarget>(kind, folder_ / "target");
    desk_ = std::make_unique<RdpDesk>(folder_ / "desk");
    stack_ = std::make_unique<FullStack>();
    act("c.leroy",
        {"asset",
         "create",
         "poste-1",
         "--protocol",
         "rdp",
         "--security",
         kind == RdpTarget::Kind::shadow_nla ? "nla" : "tls",
         "--description",
         "Poste",
         "--host",
         "127.0.0.1",
         "--port",
         target_->port(),
         "--sessions",
         "20"});
    act("c.leroy",
        {"asset",
         "pin",
         "poste-1",
         "--certificate",
         target_->certificate(),
         "--fingerprint",
         spelled(target_->fingerprint())});
    act("c.leroy", {"vendor", "asset-add", "Imagelec", "poste-1"});
    people().write("desk.secret", target_->password() + "\n");
    act("c.leroy",
        {"account",
         "add",
         "poste-1",
         "desk1",
         "--method",
         "password",
         "--secret-file",
         path("desk.secret")});
    start_listener();
}

void FullRdp::act(std::string const& who, std::vector<std::string> const& words)
{
    auto const ran = people().as(who, words);
    INFO(words[0] << " " << words[1] << ": " << ran.out << ran.err);
    REQUIRE(ran.exit == 0);
}

void FullRdp::start_listener()
{
    listener_ = std::make_unique<Program>(Program::Options{
        {ECLUSE_LISTEN_PROGRAM,
         "--root",
         stack_->root(),
         "--door",
         "rdp",
         "--address",
         "127.0.0.1",
         "--port",
         port_.empty() ? "0" : port_,
         "--worker",
         ECLUSE_RDP_WORKER_PROGRAM},
        {},
        false,
        true});
    REQUIRE(listener_->wait_for_output("\n", start_limit));
    auto const& line = listener_->out();
    port_ = line.substr(5, line.find('\n') - 5);
}

void FullRdp::stop_listener()
{
    listener_.reset();
}

FullStack::Window FullRdp::open_window(std::chrono::seconds length, std::string const& functions)
{
    FullStack::Window window;
    window.opens = to_seconds(utc_now()) + 3s;
    window.closes = window.opens + length;
    auto const asked = people().as(
        "n.belkacem",
        {"window",
         "request",
         "--asset",
         "poste-1",
         "--account",
         "desk1",
         "--opens",
         to_iso(window.opens),
         "--closes",
         to_iso(window.closes),
         "--function",
         functions,
         "--nature",
         "corrective",
         "--reason",
         "logiciel bloqué"}
    );
    INFO(asked.out << asked.err);
    REQUIRE(asked.exit == 0);
    window.id = asked.field("window");
    act("c.leroy", {"window", "approve", window.id});
    // The calendar itself is the event here.
    for (auto left = window.opens - utc_now(); left > 0ms; left = window.opens - utc_now())
        ::poll(nullptr, 0, static_cast<int>(left.count()) + 1);
    return window;
}

Ran FullRdp::ask_ticket(std::string const& file, std::string const& from)
{
    return people().sign(
        "n.belkacem", {"rdp-ticket", "--asset", "poste-1", "--from", from, "--output", file}
    );
}

std::string FullRdp::ticket(std::string const& name)
{
    auto file = path(name + ".rdp");
    auto const asked = ask_ticket(file);
    INFO(asked.out << asked.err << logs());
    REQUIRE(asked.exit == 0);
    return file;
}

std::vector<std::string> FullRdp::words(std::string const& file, std::string const& from)
{
    auto& wire = wires_[from];
    if (wire.empty()) wire = desk_->leaving_from(from, port_);
    // An empty password: the client would ask for one, and there is nobody to press Enter.
    return {file, "/v:127.0.0.1:" + wire, "/p:", "/cert:ignore"};
}

std::unique_ptr<Program> FullRdp::live_desktop(std::vector<std::string> const& more)
{
    auto all = words(ticket());
    all.insert(all.end(), more.begin(), more.end());
    auto client = desk_->connect(all);
    if (!desk_->desktop_comes(60s)) {
        auto const seen = client->finish(0s);
        FAIL("no desktop: " << seen.out << seen.err << logs() << target_->logs());
    }
    return client;
}

bool FullRdp::leaves(Program& client, std::chrono::seconds limit)
{
    return !client.finish(limit).timed_out;
}

void FullRdp::type_to_file(std::string const& text, std::string const& name)
{
    desk_->click(300, 300);
    // Keys pressed while a desktop is still coming may be lost to it, and people type again.
    for (auto const limit : {8s, 15s}) {
        desk_->type("echo \"" + text + "\" >" + name);
        desk_->key("Return");
        if (target_->wait_for_file("desk1", name, text, limit)) return;
        WARN("typed again: " << text);
        desk_->key("ctrl+c");
    }
    FAIL("not typed: " << text << "\n" << target_->file("desk1", name) << logs());
}

std::vector<int> FullRdp::session_pids(std::string const& program) const
{
    std::vector<int> found;
    gather(listener_->pid(), program, found);
    return found;
}

std::string FullRdp::logs() const
{
    return "\n--- policyd\n" + stack_->people().log("policyd") + "\n--- recorder\n" +
           stack_->people().log("recorder");
}

bool FullRdp::journal_has(std::string const& type, std::chrono::seconds limit)
{
    for (auto const until = Clock::now() + limit; Clock::now() < until; pace())
        if (!stack_->events(type).empty()) return true;
    return false;
}

} // namespace ecluse::test
