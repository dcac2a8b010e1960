#include "tests/support/operator_rig.h"

#include "common/fd.h"
#include "common/time.h"
#include "policies/core/totp.h"
#include "policies/store/database.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ecluse::test {
namespace {

constexpr std::size_t output_bytes_max = 16 * 1024 * 1024;
constexpr std::chrono::seconds start_limit{20};

int start(
    std::vector<std::string> const& words,
    std::string const& out,
    std::string const& err,
    std::vector<std::string> const& environment = {}
)
{
    int const pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid > 0) return pid;
    int const output = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int const errors = ::open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    int const nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, 0);
    ::dup2(output, 1);
    ::dup2(errors, 2);
    // Without a terminal: a forgotten secret is an error, never a question.
    ::setsid();
    for (auto const& variable : environment)
        ::putenv(const_cast<char*>(variable.c_str()));
    std::vector<char*> argv;
    for (auto const& word : words)
        argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
}

int wait_for(int pid)
{
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// A socket that answers is the event; there is nothing else to wait on.
void wait_for_socket(std::string const& path, int pid)
{
    auto const until = std::chrono::steady_clock::now() + start_limit;
    while (std::chrono::steady_clock::now() < until) {
        if (PacketSocket::connect(path)) return;
        int status = 0;
        if (::waitpid(pid, &status, WNOHANG) == pid) FAIL("a daemon ended: " << path);
        ::poll(nullptr, 0, 10); // the attempt itself is the event; this only paces it
    }
    FAIL("nobody answers on " << path);
}

void end(int& pid)
{
    if (pid < 0) return;
    ::kill(pid, SIGTERM);
    wait_for(pid);
    pid = -1;
}

std::string text_in(json::object const& object, std::string_view name)
{
    auto const* value = object.if_contains(name);
    return value && value->is_string() ? std::string{std::string_view{value->get_string()}} : "";
}

} // namespace

json::object Ran::json() const
{
    INFO(out << err);
    return must(parse_object(out));
}

std::string Ran::field(std::string_view name) const
{
    return text_in(json(), name);
}

std::string Ran::code() const
{
    auto const object = json();
    auto const* error = object.if_contains("error");
    return error && error->is_object() ? text_in(error->get_object(), "code") : "";
}

OperatorRig::OperatorRig()
{
    write("password", std::string{password} + "\n");
    write("passphrase", "une phrase de passe longue\n");
    auto const made = ctl(
        {"setup",
         "--site",
         "CH de Valmont",
         "--site-phone",
         "01 23 45 67 89",
         "--portal",
         "-",
         "--rssi-passphrase-file",
         root() + "/passphrase",
         "--escrow-passphrase-file",
         root() + "/passphrase"}
    );
    INFO(made.out << made.err);
    REQUIRE(made.exit == 0);
    start_recorder();
    move_clock("+0s");
    start_policyd();
}

OperatorRig::~OperatorRig()
{
    end(policyd_);
    end(recorder_);
}

void OperatorRig::start_recorder(std::vector<std::string> const& options, std::string const& moved)
{
    std::vector<std::string> words{ECLUSE_RECORDER_PROGRAM, "--root", root()};
    words.insert(words.end(), options.begin(), options.end());
    std::vector<std::string> clock;
    if (!moved.empty())
        clock = {
            "LD_PRELOAD=" ECLUSE_FAKETIME_LIBRARY,
            "FAKETIME=" + moved,
            "FAKETIME_DONT_FAKE_MONOTONIC=1"};
    recorder_ = start(words, root() + "/recorder.out", root() + "/recorder.err", clock);
    wait_for_socket(root() + "/run/recorder.sock", recorder_);
}

void OperatorRig::start_policyd()
{
    // The wall clock is moved from outside by libfaketime; the product has no hook for this.
    // The file is in a folder that policyd may read after it has confined itself.
    policyd_ = start(
        {ECLUSE_POLICYD_PROGRAM, "--root", root()},
        root() + "/policyd.out",
        root() + "/policyd.err",
        {"LD_PRELOAD=" ECLUSE_FAKETIME_LIBRARY,
         "FAKETIME_TIMESTAMP_FILE=" + root() + "/run/clock",
         "FAKETIME_NO_CACHE=1",
         "FAKETIME_DONT_FAKE_MONOTONIC=1"}
    );
    wait_for_socket(root() + "/run/operator.sock", policyd_);
}

void OperatorRig::restart_policyd(std::string const& moved)
{
    end(policyd_);
    move_clock(moved);
    start_policyd();
}

void OperatorRig::move_clock(std::string const& moved)
{
    write("run/clock", moved + "\n");
}

void OperatorRig::kill_recorder()
{
    ::kill(recorder_, SIGKILL);
    wait_for(recorder_);
    recorder_ = -1;
}

void OperatorRig::kill_policyd()
{
    ::kill(policyd_, SIGKILL);
    wait_for(policyd_);
    policyd_ = -1;
}

void OperatorRig::stop_policyd()
{
    end(policyd_);
}

std::string OperatorRig::log(std::string const& daemon) const
{
    return must(read_file(root() + "/" + daemon + ".err", output_bytes_max));
}

void OperatorRig::sql(std::string const& statement)
{
    end(policyd_);
    {
        auto database = must(Database::open(root() + "/state/ecluse.db"));
        must(database.run(statement));
    }
    start_policyd();
}

Ran OperatorRig::ctl(std::vector<std::string> arguments)
{
    std::vector<std::string> words{ECLUSE_CTL_PROGRAM, "--root", root(), "--json"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto const out = root() + "/ctl.out", err = root() + "/ctl.err";
    ::unlink(err.c_str());
    Ran ran;
    ran.exit = wait_for(start(words, out, err));
    ran.out = must(read_file(out, output_bytes_max));
    ran.err = must(read_file(err, output_bytes_max));
    return ran;
}

Ran OperatorRig::as(std::string const& login, std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), {"--as", login});
    return ctl(std::move(arguments));
}

Ran OperatorRig::sign(std::string const& login, std::vector<std::string> arguments)
{
    for (auto const& word :
         {std::string{"--password-file"},
          root() + "/password",
          std::string{"--code"},
          next_recovery(login)})
        arguments.push_back(word);
    return as(login, std::move(arguments));
}

std::string OperatorRig::one_time_code(std::string const& login)
{
    auto const secret = must(from_base32(totp_.at(login)));
    // Each step serves once, and one ahead of the clock is accepted.
    auto& used = last_step_[login];
    auto step = std::max(used + 1, totp_step(to_seconds(utc_now())));
    while (step > totp_step(to_seconds(utc_now())) + 1)
        ::poll(nullptr, 0, 100);
    used = step;
    return totp_code(secret, step);
}

std::string OperatorRig::next_recovery(std::string const& login)
{
    auto& codes = recovery_.at(login);
    REQUIRE_FALSE(codes.empty());
    auto const code = codes.back();
    codes.pop_back();
    return code;
}

void OperatorRig::login(std::string const& login)
{
    auto const ran = ctl(
        {"login", login, "--password-file", root() + "/password", "--code", next_recovery(login)}
    );
    INFO(ran.out << ran.err);
    REQUIRE(ran.exit == 0);
}

std::string OperatorRig::token(std::string const& login) const
{
    return must(read_file(root() + "/run/operator/" + login, 4096));
}

void OperatorRig::enrol(std::string const& login, std::string const& token)
{
    auto const begun = ctl({"enrol", token, "--password-file", root() + "/password"});
    INFO(begun.out << begun.err);
    REQUIRE(begun.exit == 0);
    totp_[login] = begun.field("secret");
    auto const done = ctl({"enrol", token, "--code", one_time_code(login)});
    INFO(done.out << done.err);
    REQUIRE(done.exit == 0);
    auto& codes = recovery_[login];
    codes.clear();
    auto const answer = done.json();
    for (auto const& code : answer.at("recovery_codes").as_array())
        codes.emplace_back(code.as_string());
    this->login(login);
}

std::string OperatorRig::invite(std::string const& by, std::string const& login)
{
    auto const ran = as(by, {"person", "invite", login});
    INFO(ran.out << ran.err);
    REQUIRE(ran.exit == 0);
    return ran.field("token");
}

void OperatorRig::people()
{
    auto const made = ctl(
        {"setup",
         "--admin",
         "Alain;Petit;a.petit;a.petit@ch.example",
         "--dsi",
         "Claire;Leroy;c.leroy;c.leroy@ch.example",
         "--rssi",
         "Rachid;Amrani;r.amrani;r.amrani@ch.example"}
    );
    REQUIRE(made.exit == 0);
    auto const answer = made.json();
    for (auto const& one : answer.at("invitations").as_array())
        enrol(
            std::string{one.as_object().at("login").as_string()},
            std::string{one.as_object().at("token").as_string()}
        );
    auto const must_do = [this](std::string const& who, std::vector<std::string> const& words) {
        auto const ran = as(who, words);
        INFO(words[0] << " " << words[1] << ": " << ran.out << ran.err);
        REQUIRE(ran.exit == 0);
    };
    auto const create = [&](std::string const& by,
                            std::string const& first,
                            std::string const& last,
                            std::string const& login,
                            std::string const& role,
                            bool vendor) {
        std::vector<std::string> words{
            "person",
            "create",
            "--first-name",
            first,
            "--last-name",
            last,
            "--login",
            login,
            "--mail",
            login + "@example.fr",
            "--role",
            role};
        if (vendor) words.insert(words.end(), {"--vendor", "Imagelec"});
        must_do(by, words);
        enrol(login, invite(by, login));
    };
    must_do(
        "c.leroy",
        {"vendor",
         "create",
         "Imagelec",
         "--contract-reference",
         "M-2026-17",
         "--contract-from",
         "2020-01-01",
         "--contract-to",
         "2090-12-31"}
    );
    create("a.petit", "Denis", "Roux", "d.roux", "dsi", false);
    create("c.leroy", "Nadia", "Belkacem", "n.belkacem", "technician", true);
    create("c.leroy", "Omar", "Haddad", "o.haddad", "vendor_manager", true);
    must_do("c.leroy", {"person", "verify-identity", "n.belkacem", "--how", "carte"});
    must_do(
        "c.leroy",
        {"asset", "create", "scanner-1", "--description", "Scanner", "--host", "127.0.0.1"}
    );
    must_do("c.leroy", {"account", "add", "scanner-1", "maintenance"});
    must_do("c.leroy", {"vendor", "asset-add", "Imagelec", "scanner-1"});
}

PacketSocket OperatorRig::socket() const
{
    auto socket = must(PacketSocket::connect(root() + "/run/operator.sock"));
    must(socket.send(json::object{
        {"do", "operator.hello"}, {"id", 1}, {"version", "test"}, {"language", "fr"}}));
    REQUIRE(must(socket.receive(std::chrono::seconds{10})).has_value());
    return socket;
}

std::string OperatorRig::write(std::string const& name, std::string const& text)
{
    auto const path = root() + "/" + name;
    must(write_file_durably(path, text, 0600));
    return path;
}

} // namespace ecluse::test
