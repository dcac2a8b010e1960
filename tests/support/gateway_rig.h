#pragma once

#include "common/fd.h"
#include "tests/support/scripted_policy.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The real ecluse-listen and ecluse-ssh-worker between real SSH programs and a real sshd, in a
/// temporary folder, without privileges and without fixed ports.
namespace ecluse::test {

struct Outcome {
    int status = -1; // exit status, or minus the signal
    std::string out;
    std::string err;
    bool timed_out = false;
};

/// A program under test's control.
class Program {
public:
    struct Options {
        std::vector<std::string> words;
        std::vector<std::string> environment; // "NAME=value", besides PATH and HOME
        bool pipe_input = false;
        bool new_session = true;
    };
    explicit Program(Options const& options);
    ~Program();
    Program(Program const&) = delete;
    Program& operator=(Program const&) = delete;

    void write(std::string_view input);
    void close_input();
    void signal(int number) const;
    /// Reads output until the end, or until the limit (then it is killed).
    Outcome finish(std::chrono::seconds limit = std::chrono::seconds{30});
    /// Reads until standard output contains this.
    [[nodiscard]] bool
    wait_for_output(std::string_view text, std::chrono::seconds limit = std::chrono::seconds{10});
    [[nodiscard]] int pid() const { return pid_; }
    [[nodiscard]] std::string const& out() const { return out_; }

private:
    bool read_some(std::chrono::steady_clock::time_point deadline);

    int pid_ = -1;
    Fd input_;
    Fd output_;
    Fd error_;
    std::string out_;
    std::string err_;
};

class GatewayRig {
public:
    GatewayRig();
    ~GatewayRig();

    [[nodiscard]] ScriptedPolicy& policy() { return *policy_; }
    [[nodiscard]] std::string const& folder() const { return folder_; }
    [[nodiscard]] std::string port() const { return port_; }
    [[nodiscard]] std::string path(std::string const& name) const { return folder_ + "/" + name; }

    /// Options of OpenSSH's clients for this gateway (with "-p"/"-P" left to the caller).
    [[nodiscard]] std::vector<std::string> client_options(bool with_key = true) const;
    /// `answers`: what the prompts get, one after another; empty: password, then code.
    [[nodiscard]] std::vector<std::string>
    environment(std::vector<std::string> const& answers = {}) const;
    /// ssh with these words after the destination "login+asset".
    Outcome
    ssh(std::vector<std::string> const& command,
        std::vector<std::string> const& more = {},
        std::string const& destination = "alice+cible-1");
    [[nodiscard]] std::unique_ptr<Program> start_ssh(
        std::vector<std::string> const& command,
        std::vector<std::string> const& more = {},
        std::string const& destination = "alice+cible-1",
        std::vector<std::string> const& answers = {}
    );
    /// How many of our sshd processes ran so far.
    [[nodiscard]] int dials() const { return dials_; }
    [[nodiscard]] int listener_pid() const { return listener_->pid(); }
    Outcome wait_for_listener() { return listener_->finish(std::chrono::seconds{5}); }

private:
    Fd dial();
    Fd agent() const;

    std::string folder_;
    std::string port_;
    std::atomic<int> dials_{0};
    std::unique_ptr<Program> agent_;
    std::unique_ptr<ScriptedPolicy> policy_;
    std::unique_ptr<Program> listener_;
};

/// Runs a program to its end.
Outcome
run(std::vector<std::string> const& words,
    std::string_view input = {},
    std::vector<std::string> const& environment = {},
    std::chrono::seconds limit = std::chrono::seconds{30});

} // namespace ecluse::test
