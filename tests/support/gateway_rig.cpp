#include "tests/support/gateway_rig.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ecluse::test {
namespace {

using Clock = std::chrono::steady_clock;

void require(bool held, std::string const& what)
{
    if (!held) throw std::runtime_error{what};
}

void write_text(std::string const& path, std::string_view text, unsigned mode)
{
    Fd const file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
    require(file && write_all(file.get(), text).has_value(), "write " + path);
}

std::string read_text(std::string const& path)
{
    auto text = read_file(path, 1 << 20);
    require(text.has_value(), "read " + path);
    return *std::move(text);
}

std::pair<Fd, Fd> pipe_ends()
{
    int ends[2];
    require(::pipe2(ends, O_CLOEXEC) == 0, "pipe");
    return {Fd{ends[0]}, Fd{ends[1]}};
}

int left_ms(Clock::time_point deadline)
{
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

/// "type base64" of a public key file.
std::string key_line(std::string const& path)
{
    auto const text = read_text(path);
    auto const second = text.find(' ', text.find(' ') + 1);
    return text.substr(0, std::min(second, text.find('\n')));
}

std::vector<std::string> basic_environment()
{
    auto const* const path = std::getenv("PATH");
    return {
        std::string{"PATH="} + (path ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin",
        "LC_ALL=C.UTF-8",
        "HOME=/nonexistent"};
}

} // namespace

Program::Program(Options const& options)
{
    auto [input, input_ours] = pipe_ends();
    auto [output_ours, output] = pipe_ends();
    auto [error_ours, error] = pipe_ends();
    auto variables = basic_environment();
    variables.insert(variables.end(), options.environment.begin(), options.environment.end());
    std::vector<char*> environment;
    for (auto& variable : variables)
        environment.push_back(variable.data());
    environment.push_back(nullptr);
    std::vector<std::string> words = options.words;
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    require(pid_ >= 0, "fork");
    if (pid_ == 0) {
        if (options.new_session) ::setsid();
        int const null = ::open("/dev/null", O_RDWR);
        ::dup2(options.pipe_input ? input.get() : null, 0);
        ::dup2(output.get(), 1);
        ::dup2(error.get(), 2);
        ::close_range(3, ~0U, 0);
        ::execvpe(arguments[0], arguments.data(), environment.data());
        ::_exit(127);
    }
    if (options.pipe_input) input_ = std::move(input_ours);
    output_ = std::move(output_ours);
    error_ = std::move(error_ours);
}

Program::~Program()
{
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

void Program::write(std::string_view input)
{
    (void)::signal(SIGPIPE, SIG_IGN);
    (void)write_all(input_.get(), input);
}

void Program::close_input()
{
    input_.reset();
}

void Program::signal(int number) const
{
    if (pid_ > 0) ::kill(pid_, number);
}

bool Program::read_some(Clock::time_point deadline)
{
    pollfd waiting[2] = {{output_.get(), POLLIN, 0}, {error_.get(), POLLIN, 0}};
    if (::poll(waiting, 2, left_ms(deadline)) <= 0) return Clock::now() < deadline;
    char buffer[65536];
    for (auto* const from : {&output_, &error_}) {
        auto const& state = waiting[from == &output_ ? 0 : 1];
        if (state.revents == 0) continue;
        auto const got = ::read(from->get(), buffer, sizeof buffer);
        if (got <= 0)
            from->reset();
        else
            (from == &output_ ? out_ : err_).append(buffer, static_cast<std::size_t>(got));
    }
    return Clock::now() < deadline;
}

bool Program::wait_for_output(std::string_view text, std::chrono::seconds limit)
{
    auto const deadline = Clock::now() + limit;
    while (out_.find(text) == std::string::npos) {
        if (!output_ || !read_some(deadline)) return out_.find(text) != std::string::npos;
    }
    return true;
}

Outcome Program::finish(std::chrono::seconds limit)
{
    auto const deadline = Clock::now() + limit;
    Outcome outcome;
    while (output_ || error_) {
        if (!read_some(deadline)) break;
    }
    int status = 0;
    // Its output has ended, so it is about to; one that stays beyond the limit is killed.
    pid_t done = pid_ > 0 ? 0 : -1;
    while (done == 0 && (done = ::waitpid(pid_, &status, WNOHANG)) == 0 && Clock::now() < deadline)
        ::poll(nullptr, 0, 5);
    if (done == 0) {
        outcome.timed_out = true;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, &status, 0);
    }
    pid_ = -1;
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    outcome.out = std::move(out_);
    outcome.err = std::move(err_);
    return outcome;
}

Outcome
run(std::vector<std::string> const& words,
    std::string_view input,
    std::vector<std::string> const& environment,
    std::chrono::seconds limit)
{
    Program program{{words, environment, !input.empty(), true}};
    if (!input.empty()) {
        program.write(input);
        program.close_input();
    }
    return program.finish(limit);
}

GatewayRig::GatewayRig()
{
    std::string folder = "/tmp/ecluse-gateway-XXXXXX";
    require(::mkdtemp(folder.data()) != nullptr, "temporary folder");
    folder_ = folder;
    std::filesystem::create_directories(folder_ + "/run");
    for (auto const* const name : {"front", "front_rsa", "target", "user", "asset"}) {
        bool const rsa = std::string{name} == "front_rsa";
        auto const made = run(
            {"ssh-keygen",
             "-q",
             "-N",
             "",
             "-C",
             "",
             "-t",
             rsa ? "rsa" : "ed25519",
             "-b",
             "3072",
             "-f",
             path(name)}
        );
        require(made.status == 0, "ssh-keygen: " + made.err);
    }
    // sshd started by root insists on this folder.
    if (::geteuid() == 0) ::mkdir("/run/sshd", 0755);
    write_text(path("authorized"), read_text(path("asset.pub")), 0600);
    write_text(
        path("sshd_config"),
        "HostKey " + path("target") + "\nAuthorizedKeysFile " + path("authorized") +
            "\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin "
            "yes\n"
            "AcceptEnv LANG LC_* SECRET\nSubsystem sftp internal-sftp\nLogLevel "
            "ERROR\nAllowTcpForwarding yes\n"
            "PrintMotd no\nPrintLastLog no\nMaxSessions 20\n",
        0600
    );
    // One answer per call, in order; the last one again and again.
    write_text(
        path("askpass"),
        "#!/bin/sh\nn=$(cat \"$ASK_STATE\" 2>/dev/null || echo 1)\necho $((n+1)) >\"$ASK_STATE\"\n"
        "printf '%s\\n' \"$1\" >>\"$ASK_STATE.prompts\"\n"
        "eval \"a=\\${ASK_$n-}\"\n[ -n \"$a\" ] || eval \"a=\\$ASK_LAST\"\nprintf '%s\\n' \"$a\"\n",
        0700
    );
    ::chmod(path("askpass").c_str(), 0700);

    agent_ = std::make_unique<Program>(Program::Options{
        {"ssh-agent", "-D", "-a", path("agent.sock")}, {}, false, true});
    require(agent_->wait_for_output("SSH_AUTH_SOCK"), "ssh-agent");
    auto const added =
        run({"ssh-add", "-q", path("asset")}, {}, {"SSH_AUTH_SOCK=" + path("agent.sock")});
    require(added.status == 0, "ssh-add: " + added.err);

    policy_ = std::make_unique<ScriptedPolicy>(
        path("run/listen.sock"),
        std::vector{read_text(path("front")), read_text(path("front_rsa"))},
        [this] { return dial(); },
        [this] { return agent(); }
    );
    auto const me = run({"id", "-un"}).out;
    policy_->change([&](ScriptedPolicy::Script& script) {
        script.key = key_line(path("user.pub"));
        script.target_keys = {key_line(path("target.pub"))};
        script.target_user = me.substr(0, me.find('\n'));
    });
    listener_ = std::make_unique<Program>(Program::Options{
        {ECLUSE_LISTEN_PROGRAM,
         "--root",
         folder_,
         "--door",
         "ssh",
         "--address",
         "127.0.0.1",
         "--port",
         "0",
         "--worker",
         ECLUSE_WORKER_PROGRAM},
        {},
        false,
        true});
    require(listener_->wait_for_output("\n"), "ecluse-listen did not start");
    auto const& line = listener_->out();
    port_ = line.substr(5, line.find('\n') - 5);
}

GatewayRig::~GatewayRig()
{
    listener_->signal(SIGKILL);
    // The workers share its standard error: a sanitizer's word must not be lost.
    auto const said = listener_->finish(std::chrono::seconds{5}).err;
    if (said.find("Sanitizer") != std::string::npos ||
        said.find("runtime error") != std::string::npos) {
        (void)write_all(STDERR_FILENO, said);
        std::abort();
    }
    listener_.reset();
    policy_.reset();
    agent_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

Fd GatewayRig::dial()
{
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    Fd ours{ends[0]};
    Fd theirs{ends[1]};
    ++dials_;
    auto const config = path("sshd_config");
    auto const log = path("sshd.log");
    pid_t const pid = ::fork();
    require(pid >= 0, "fork");
    if (pid == 0) {
        // Twice, so that nobody has to wait for it.
        if (::fork() != 0) ::_exit(0);
        ::setsid();
        ::dup2(theirs.get(), 0);
        ::dup2(theirs.get(), 1);
        int const out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(out, 2);
        ::close_range(3, ~0U, 0);
        ::execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-i", "-e", "-f", config.c_str(), nullptr);
        ::_exit(127);
    }
    ::waitpid(pid, nullptr, 0);
    return ours;
}

Fd GatewayRig::agent() const
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    auto const socket_path = path("agent.sock");
    std::copy(socket_path.begin(), socket_path.end(), address.sun_path);
    Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    require(
        ::connect(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0,
        "agent"
    );
    return fd;
}

std::vector<std::string> GatewayRig::client_options(bool with_key) const
{
    std::vector<std::string> options{
        "-F",
        "none",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=" + path("known"),
        "-o",
        "LogLevel=INFO",
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "IdentityAgent=none"};
    options.insert(
        options.end(), {"-o", with_key ? "IdentityFile=" + path("user") : "PubkeyAuthentication=no"}
    );
    return options;
}

std::vector<std::string> GatewayRig::environment(std::vector<std::string> const& answers) const
{
    static std::atomic<int> number{0};
    std::vector<std::string> variables{
        "SSH_ASKPASS=" + path("askpass"),
        "SSH_ASKPASS_REQUIRE=force",
        "DISPLAY=none",
        "ASK_STATE=" + path("ask-" + std::to_string(++number)),
        "ASK_LAST=" + (answers.empty() ? "123456" : answers.back())};
    for (std::size_t i = 0; i < answers.size(); ++i)
        variables.push_back("ASK_" + std::to_string(i + 1) + "=" + answers[i]);
    return variables;
}

std::unique_ptr<Program> GatewayRig::start_ssh(
    std::vector<std::string> const& command,
    std::vector<std::string> const& more,
    std::string const& destination,
    std::vector<std::string> const& answers
)
{
    std::vector<std::string> words{"ssh", "-p", port_};
    auto const options = client_options();
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {"-l", destination, "127.0.0.1"});
    words.insert(words.end(), command.begin(), command.end());
    return std::make_unique<Program>(Program::Options{words, environment(answers), true, true});
}

Outcome GatewayRig::ssh(
    std::vector<std::string> const& command,
    std::vector<std::string> const& more,
    std::string const& destination
)
{
    auto const program = start_ssh(command, more, destination);
    program->close_input();
    return program->finish();
}

} // namespace ecluse::test
