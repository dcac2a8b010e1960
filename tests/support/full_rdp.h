#pragma once

#include "tests/support/full_stack.h"
#include "tests/support/rdp_lab.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The whole product with its RDP door: a real desktop to maintain, people who act through the real
/// eclusectl, the stock xfreerdp3 which opens the .rdp file it was given. Nothing of Écluse is
/// played by the test.
namespace ecluse::test {

class FullRdp {
public:
    /// Everything of FullStack, and the asset "poste-1" (pinned, in the contract, with the account
    /// desk1 and its password in the vault) behind an open RDP door.
    explicit FullRdp(RdpTarget::Kind kind = RdpTarget::Kind::shadow_tls);

    [[nodiscard]] FullStack& stack() { return *stack_; }
    [[nodiscard]] OperatorRig& people() { return stack_->people(); }
    [[nodiscard]] RdpTarget& target() { return *target_; }
    [[nodiscard]] RdpDesk& desk() { return *desk_; }
    [[nodiscard]] std::string path(std::string const& name) const { return stack_->path(name); }

    /// Asked by n.belkacem, approved by c.leroy, open when this returns.
    FullStack::Window
    open_window(std::chrono::seconds length = 10min, std::string const& functions = "desktop");
    /// A ticket of n.belkacem for poste-1, in FILE.rdp.
    [[nodiscard]] Ran ask_ticket(std::string const& file, std::string const& from = "127.0.0.2");
    /// The same, which must be given; where the file is.
    [[nodiscard]] std::string ticket(std::string const& name = "bureau");
    /// The words for xfreerdp3 with this file, leaving from this address.
    [[nodiscard]] std::vector<std::string>
    words(std::string const& file, std::string const& from = "127.0.0.2");
    /// A session that shows the target's desktop, of a client that is given these words as well.
    [[nodiscard]] std::unique_ptr<Program> live_desktop(std::vector<std::string> const& more = {});
    /// The client ends within this, whatever its exit status.
    [[nodiscard]] bool
    leaves(Program& client, std::chrono::seconds limit = std::chrono::seconds{20});
    /// Types a command that leaves a file on the target, and waits for it: the session is live.
    void type_to_file(std::string const& text, std::string const& name = "mot.txt");

    void start_listener();
    void stop_listener();
    /// The worker and the encoder of the one session: what the listener has started, and below.
    [[nodiscard]] std::vector<int> session_pids(std::string const& program) const;
    /// Words of the daemons and of the listener, for a test that fails.
    [[nodiscard]] std::string logs() const;
    /// Waits for an event of this type in the journal.
    [[nodiscard]] bool
    journal_has(std::string const& type, std::chrono::seconds limit = std::chrono::seconds{15});
    [[nodiscard]] std::string const& port() const { return port_; }

private:
    void act(std::string const& who, std::vector<std::string> const& words);

    // In this order: a target that cannot run here skips the test before the rest is built.
    TempFolder folder_;
    std::unique_ptr<RdpTarget> target_;
    std::unique_ptr<RdpDesk> desk_;
    std::unique_ptr<FullStack> stack_;
    std::string port_;
    std::unique_ptr<Program> listener_;
    std::map<std::string, std::string> wires_; // source address → port of its wire
};

} // namespace ecluse::test
