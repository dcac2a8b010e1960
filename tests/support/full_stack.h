#pragma once

#include "common/time.h"
#include "tests/support/gateway_rig.h"
#include "tests/support/operator_rig.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The whole product in a folder of its own: the real daemons, the real door with its workers, a
/// real OpenSSH server as target, people who act through the real eclusectl, stock OpenSSH clients.
/// Nothing of Écluse is played by the test.
namespace ecluse::test {

using namespace std::chrono_literals;

class FullStack {
public:
    /// Everything is ready except a window: Imagelec may come from 127.0.0.2, n.belkacem has a key,
    /// a code and accepted the charter, the asset "irm-1" is pinned and in the contract.
    FullStack();
    ~FullStack();
    FullStack(FullStack const&) = delete;
    FullStack& operator=(FullStack const&) = delete;

    [[nodiscard]] OperatorRig& people() { return people_; }
    [[nodiscard]] std::string const& root() const { return people_.root(); }
    [[nodiscard]] std::string path(std::string const& name) const { return root() + "/" + name; }

    struct Window {
        std::string id;
        UtcTime opens, closes;
    };
    /// Asked by this technician, not yet approved.
    [[nodiscard]] Ran request(
        std::string const& technician,
        UtcTime opens,
        UtcTime closes,
        std::string const& functions = all_functions
    );
    /// Asked, approved by c.leroy, and open when this returns.
    Window open_window(
        std::chrono::seconds length = 10min,
        std::string const& technician = "n.belkacem",
        std::string const& functions = all_functions
    );

    struct Client {
        std::string login = "n.belkacem";
        std::string asset = "irm-1"; // empty: no "+asset"
        std::string from = "127.0.0.2";
        std::optional<std::string> code{}; // nothing: a fresh one
        bool with_key = true;
        std::vector<std::string> options{};
    };
    /// ssh with this remote command; input is kept open until close_input().
    [[nodiscard]] std::unique_ptr<Program>
    start_ssh(std::vector<std::string> const& command, Client const& client);
    [[nodiscard]] std::unique_ptr<Program> start_ssh(std::vector<std::string> const& command)
    {
        return start_ssh(command, Client{});
    }
    Outcome ssh(std::vector<std::string> const& command, Client const& client);
    Outcome ssh(std::vector<std::string> const& command) { return ssh(command, Client{}); }
    /// Fails with everything that was seen when this text does not come.
    void await(Program& program, std::string_view text, std::chrono::seconds limit = 10s) const;
    /// A shell on the target that has answered: the session is live.
    [[nodiscard]] std::unique_ptr<Program> live_shell(Client const& client);
    [[nodiscard]] std::unique_ptr<Program> live_shell() { return live_shell(Client{}); }
    /// "ssh", "sftp" or "scp" with the options of this client, "-p"/"-P" included.
    [[nodiscard]] std::vector<std::string>
    client_words(std::string const& program, Client const& client) const;
    [[nodiscard]] std::vector<std::string> askpass(std::string const& answer) const;

    /// A second technician of Imagelec, enrolled like the first.
    void add_technician(std::string const& login);

    /// Runs `again`, then waits until policyd and the recorder have found each other anew.
    void reunite(std::function<void()> const& again);
    void start_listener();
    void kill_listener();
    void start_target();
    void stop_target();
    /// The target comes back with another host key.
    void change_target_key();
    [[nodiscard]] std::vector<int> worker_pids() const;

    /// The rows of `session list`, newest first as policyd gives them.
    [[nodiscard]] json::array sessions();
    /// Waits until every session has ended and its recording is closed.
    void wait_until_sealed(std::size_t count);
    /// Every recording is intact for `recording verify`, and so is the journal.
    void check_evidence();
    /// Why the sessions ended, sorted.
    [[nodiscard]] std::vector<std::string> end_reasons();
    /// Events of one type, as the RSSI reads them.
    [[nodiscard]] json::array events(std::string const& type);

    [[nodiscard]] std::string const& port() const { return port_; }
    [[nodiscard]] std::string target_fingerprint() const;

    static constexpr char const* all_functions = "shell,exec,file_up,file_down";

private:
    void act(std::string const& who, std::vector<std::string> const& words);
    void equip(std::string const& login);

    OperatorRig people_;
    std::string account_; // on the target: the user that runs the test
    std::string port_, target_port_;
    std::unique_ptr<Program> listener_, target_;
};

} // namespace ecluse::test
