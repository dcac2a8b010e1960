#pragma once

#include "tests/support/rdp_lab.h"
#include "tests/support/scripted_policy.h"
#include "tests/support/temp_folder.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace ecluse::test {

/// The RDP door between a technician's desk and a real desktop, policyd played from a script.
class RdpRig {
public:
    explicit RdpRig(RdpTarget::Kind kind = RdpTarget::Kind::xrdp);
    ~RdpRig();
    RdpRig(RdpRig const&) = delete;
    RdpRig& operator=(RdpRig const&) = delete;

    /// From now on grants lead to this target instead.
    void use_target(std::string const& port, std::string const& fingerprint);

    [[nodiscard]] ScriptedPolicy& policy() { return *policy_; }
    [[nodiscard]] RdpTarget& target() { return *target_; }
    [[nodiscard]] RdpDesk& desk() { return *desk_; }
    [[nodiscard]] std::string const& port() const { return port_; }
    /// How often the target was dialled.
    [[nodiscard]] int dials() const { return dials_; }
    /// The stock client, with this user name: a ticket, or anything else.
    [[nodiscard]] std::unique_ptr<Program>
    connect(std::string const& user, std::vector<std::string> const& more = {});
    [[nodiscard]] std::unique_ptr<Program> connect_with_ticket();
    /// A connected socket to the door, which says nothing yet.
    [[nodiscard]] Fd knock() const;
    /// Processes of this name that the door started, directly or not.
    [[nodiscard]] std::vector<int> processes(std::string const& name) const;
    /// Waits until no such process is left.
    [[nodiscard]] bool wait_gone(std::string const& name, std::chrono::milliseconds limit) const;
    /// The reason with which the session ended, waited for; empty: it did not.
    [[nodiscard]] std::string
    ended(std::chrono::seconds limit = std::chrono::seconds{15}, std::size_t count = 1);

private:
    TempFolder folder_;
    std::unique_ptr<RdpTarget> target_;
    std::unique_ptr<RdpDesk> desk_;
    std::unique_ptr<ScriptedPolicy> policy_;
    std::unique_ptr<Program> listener_;
    std::string port_;
    std::string target_port_;
    std::atomic<int> dials_{0};
};

} // namespace ecluse::test
