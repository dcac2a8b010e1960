#include "tests/support/full_stack.h"

#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ecluse::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto start_limit = 20s;
constexpr auto seal_limit = 20s;

/// Whether somebody listens there.
bool answers(std::uint16_t port)
{
    Fd const fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(port);
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&place), sizeof place) == 0;
}

/// A port that was free a moment ago; sshd cannot choose one itself.
std::uint16_t free_port()
{
    Fd const fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&place), sizeof place) == 0);
    socklen_t size = sizeof place;
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&place), &size) == 0);
    return ntohs(place.sin_port);
}

void make_key(std::string const& path)
{
    ::unlink(path.c_str());
    auto const made =
        run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "essai", "-f", path});
    INFO(made.err);
    REQUIRE(made.status == 0);
}

std::string first_line(std::string text)
{
    return text.substr(0, text.find('\n'));
}

/// The calendar itself is the event here.
void wait_for_instant(UtcTime at)
{
    for (auto left = at - utc_now(); left > 0ms; left = at - utc_now())
        ::poll(nullptr, 0, static_cast<int>(left.count()) + 1);
}

} // namespace

FullStack::FullStack()
{
    people_.people();
    account_ = first_line(run({"id", "-un"}).out);
    target_port_ = std::to_string(free_port());
    make_key(path("target_key"));
    start_target();

    auto const declared = people_.as(
        "o.haddad", {"source", "declare", "127.0.0.2/32", "--kind", "vpn", "--reason", "sortie"}
    );
    INFO(declared.out << declared.err);
    REQUIRE(declared.exit == 0);
    act("c.leroy", {"source", "approve", declared.field("source")});
    act("c.leroy",
        {"asset",
         "create",
         "irm-1",
         "--description",
         "IRM",
         "--host",
         "127.0.0.1",
         "--port",
         target_port_,
         "--sessions",
         "20"});
    act("c.leroy",
        {"asset",
         "pin",
         "irm-1",
         "--key",
         path("target_key.pub"),
         "--fingerprint",
         target_fingerprint()});
    act("c.leroy", {"vendor", "asset-add", "Imagelec", "irm-1"});
    auto const account = people_.as("c.leroy", {"account", "add", "irm-1", account_});
    INFO(account.out << account.err);
    REQUIRE(account.exit == 0);
    people_.write("authorized_keys", account.field("key") + "\n");
    people_.write("charter.txt", "Chacun agit sous son nom ; les sessions sont enregistrées.\n");
    act("c.leroy", {"charter", "publish", path("charter.txt"), "--title", "Charte"});
    equip("n.belkacem");
    people_.write("askpass", "#!/bin/sh\nprintf '%s\\n' \"$ECLUSE_ANSWER\"\n");
    ::chmod(path("askpass").c_str(), 0700);
    start_listener();
}

FullStack::~FullStack() = default;

std::string FullStack::target_fingerprint() const
{
    auto const said = run({"ssh-keygen", "-lf", path("target_key.pub")}).out;
    auto const from = said.find(' ') + 1;
    return said.substr(from, said.find(' ', from) - from);
}

void FullStack::reunite(std::function<void()> const& again)
{
    constexpr std::string_view word = "recorder ready";
    auto const count = [&] {
        auto const log = people_.log("policyd");
        std::size_t found = 0;
        for (auto at = log.find(word); at != log.npos; at = log.find(word, at + 1))
            ++found;
        return found;
    };
    auto const before = count();
    again();
    auto const until = Clock::now() + start_limit;
    while (count() == before) {
        if (Clock::now() > until) FAIL(people_.log("policyd") << people_.log("recorder"));
        ::poll(nullptr, 0, 20); // the line in the log is the event; this only paces it
    }
}

void FullStack::act(std::string const& who, std::vector<std::string> const& words)
{
    auto const ran = people_.as(who, words);
    INFO(words[0] << " " << words[1] << ": " << ran.out << ran.err);
    REQUIRE(ran.exit == 0);
}

void FullStack::equip(std::string const& login)
{
    make_key(path(login + ".key"));
    act(login, {"charter", "accept", "1"});
    auto const added = people_.sign(login, {"key", "add", path(login + ".key.pub")});
    INFO(added.out << added.err);
    REQUIRE(added.exit == 0);
}

void FullStack::add_technician(std::string const& login)
{
    act("c.leroy",
        {"person",
         "create",
         "--first-name",
         "Tom",
         "--last-name",
         "Garnier",
         "--login",
         login,
         "--mail",
         login + "@example.fr",
         "--vendor",
         "Imagelec",
         "--role",
         "technician"});
    people_.enrol(login, people_.invite("c.leroy", login));
    act("c.leroy", {"person", "verify-identity", login, "--how", "carte"});
    equip(login);
}

void FullStack::start_target()
{
    people_.write(
        "sshd_config",
        "Port " + target_port_ + "\nListenAddress 127.0.0.1\nHostKey " + path("target_key") +
            "\nAuthorizedKeysFile " + path("authorized_keys") +
            "\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nUseDNS no\n"
            "PrintMotd no\nPrintLastLog no\nLogLevel ERROR\nMaxStartups 100\n"
            "SetEnv HOME=" +
            root() + "\nSubsystem sftp internal-sftp\n"
    );
    // sshd started by root insists on this folder.
    if (::geteuid() == 0) ::mkdir("/run/sshd", 0755);
    target_ = std::make_unique<Program>(Program::Options{
        {"/usr/sbin/sshd", "-D", "-e", "-f", path("sshd_config")}, {}, false, true});
    auto const until = Clock::now() + start_limit;
    while (!answers(static_cast<std::uint16_t>(std::stoi(target_port_)))) {
        REQUIRE(Clock::now() < until);
        ::poll(nullptr, 0, 10); // the attempt itself is the event; this only paces it
    }
}

void FullStack::stop_target()
{
    target_.reset();
}

void FullStack::change_target_key()
{
    stop_target();
    make_key(path("target_key"));
    start_target();
}

void FullStack::start_listener()
{
    listener_ = std::make_unique<Program>(Program::Options{
        {ECLUSE_LISTEN_PROGRAM,
         "--root",
         root(),
         "--door",
         "ssh",
         "--address",
         "127.0.0.1",
         "--port",
         port_.empty() ? "0" : port_,
         "--worker",
         ECLUSE_WORKER_PROGRAM},
        {},
        false,
        true});
    REQUIRE(listener_->wait_for_output("\n", start_limit));
    port_ = first_line(listener_->out()).substr(5);
}

void FullStack::kill_listener()
{
    listener_.reset();
}

std::vector<int> FullStack::worker_pids() const
{
    std::vector<int> found;
    std::ifstream children{
        "/proc/" + std::to_string(listener_->pid()) + "/task/" + std::to_string(listener_->pid()) +
        "/children"};
    for (int pid = 0; children >> pid;)
        found.push_back(pid);
    return found;
}

Ran FullStack::request(
    std::string const& technician, UtcTime opens, UtcTime closes, std::string const& functions
)
{
    return people_.as(
        technician,
        {"window",
         "request",
         "--asset",
         "irm-1",
         "--account",
         account_,
         "--opens",
         to_iso(opens),
         "--closes",
         to_iso(closes),
         "--function",
         functions,
         "--nature",
         "corrective",
         "--reason",
         "panne du lecteur"}
    );
}

FullStack::Window FullStack::open_window(
    std::chrono::seconds length, std::string const& technician, std::string const& functions
)
{
    Window window;
    window.opens = to_seconds(utc_now()) + 3s;
    window.closes = window.opens + length;
    auto const asked = request(technician, window.opens, window.closes, functions);
    INFO(asked.out << asked.err);
    REQUIRE(asked.exit == 0);
    window.id = asked.field("window");
    act("c.leroy", {"window", "approve", window.id});
    wait_for_instant(window.opens);
    return window;
}

std::vector<std::string>
FullStack::client_words(std::string const& program, Client const& client) const
{
    std::vector<std::string> words{
        program,
        "-F",
        "none",
        program == "ssh" ? "-p" : "-P",
        port_,
        "-o",
        "BindAddress=" + client.from,
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=" + path("known_hosts"),
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "IdentityAgent=none",
        "-o",
        "ConnectTimeout=10",
        "-o",
        client.with_key ? "IdentityFile=" + path(client.login + ".key") : "PubkeyAuthentication=no",
        "-o",
        "User=" + client.login + (client.asset.empty() ? "" : "+" + client.asset)};
    words.insert(words.end(), client.options.begin(), client.options.end());
    return words;
}

std::vector<std::string> FullStack::askpass(std::string const& answer) const
{
    return {
        "SSH_ASKPASS=" + path("askpass"),
        "SSH_ASKPASS_REQUIRE=force",
        "DISPLAY=none",
        "ECLUSE_ANSWER=" + answer};
}

std::unique_ptr<Program>
FullStack::start_ssh(std::vector<std::string> const& command, Client const& client)
{
    auto words = client_words("ssh", client);
    words.emplace_back("127.0.0.1");
    words.insert(words.end(), command.begin(), command.end());
    auto const code = client.code ? *client.code : people_.next_recovery(client.login);
    return std::make_unique<Program>(Program::Options{words, askpass(code), true, true});
}

Outcome FullStack::ssh(std::vector<std::string> const& command, Client const& client)
{
    auto const program = start_ssh(command, client);
    program->close_input();
    return program->finish();
}

std::unique_ptr<Program> FullStack::live_shell(Client const& client)
{
    auto with_terminal = client;
    with_terminal.options.emplace_back("-tt");
    auto shell = start_ssh({}, with_terminal);
    shell->write("echo pret-$((40+2))\r");
    await(*shell, "pret-42");
    return shell;
}

void FullStack::await(Program& program, std::string_view text, std::chrono::seconds limit) const
{
    if (program.wait_for_output(text, limit)) return;
    auto const seen = program.finish(0s);
    FAIL("not seen: " << text << "\n" << seen.out << seen.err << people_.log("policyd"));
}

json::array FullStack::sessions()
{
    auto const ran = people_.as("c.leroy", {"session", "list"});
    INFO(ran.out << ran.err);
    REQUIRE(ran.exit == 0);
    return ran.json().at("rows").as_array();
}

void FullStack::wait_until_sealed(std::size_t count)
{
    auto const until = Clock::now() + seal_limit;
    json::array rows;
    auto const is_over = [](json::value const& row) {
        auto const& fields = row.as_object();
        return !fields.at("ended_at").is_null() && fields.at("recording").is_string() &&
               fields.at("recording").as_string() != "open";
    };
    do {
        rows = sessions();
        if (rows.size() == count && std::all_of(rows.begin(), rows.end(), is_over)) return;
        ::poll(nullptr, 0, 50); // the answer itself is the event; this only paces it
    } while (Clock::now() < until);
    FAIL(json::serialize(rows) << people_.log("policyd") << people_.log("recorder"));
}

std::vector<std::string> FullStack::end_reasons()
{
    std::vector<std::string> reasons;
    for (auto const& row : sessions())
        if (auto const& reason = row.as_object().at("end_reason"); reason.is_string())
            reasons.emplace_back(reason.as_string());
    std::sort(reasons.begin(), reasons.end());
    return reasons;
}

void FullStack::check_evidence()
{
    wait_until_sealed(sessions().size());
    for (auto const& row : sessions()) {
        auto const session = std::string{row.as_object().at("session").as_string()};
        // policyd's signature follows the seal a moment later.
        auto const until = Clock::now() + seal_limit;
        auto ran = people_.as("r.amrani", {"recording", "verify", session});
        while (ran.exit != 0 && Clock::now() < until)
            ran = people_.as("r.amrani", {"recording", "verify", session});
        INFO(session << ": " << ran.out << ran.err);
        CHECK(ran.exit == 0);
    }
    auto const journal = people_.as("r.amrani", {"journal", "verify"});
    INFO(journal.out << journal.err);
    CHECK(journal.exit == 0);
}

json::array FullStack::events(std::string const& type)
{
    auto const ran = people_.as("r.amrani", {"journal", "show", "--type", type});
    INFO(ran.out << ran.err);
    REQUIRE(ran.exit == 0);
    return ran.json().at("rows").as_array();
}

} // namespace ecluse::test
