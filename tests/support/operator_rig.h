#pragma once

#include "common/json.h"
#include "common/packet.h"
#include "tests/support/temp_folder.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The real ecluse-policyd and ecluse-recorder in a folder of their own, installed by the real
/// eclusectl, and people who act through it.
namespace ecluse::test {

struct Ran {
    int exit = -1;
    std::string out, err;
    [[nodiscard]] json::object json() const;
    /// A text field of the JSON answer, also below "error".
    [[nodiscard]] std::string field(std::string_view name) const;
    [[nodiscard]] std::string code() const; // of the refusal
};

class OperatorRig {
public:
    /// Configuration and keys are made, both daemons run; nobody exists yet.
    OperatorRig();
    ~OperatorRig();
    OperatorRig(OperatorRig const&) = delete;
    OperatorRig& operator=(OperatorRig const&) = delete;

    /// eclusectl with --json.
    Ran ctl(std::vector<std::string> arguments);
    Ran as(std::string const& login, std::vector<std::string> arguments);
    /// The same, signed with the person's password and a fresh recovery code.
    Ran sign(std::string const& login, std::vector<std::string> arguments);

    /// c.leroy and d.roux (dsi), r.amrani (rssi), a.petit (platform_admin), Imagelec with
    /// n.belkacem (technician, verified) and o.haddad (vendor_manager), all logged in; the asset
    /// scanner-1 with its account, in the contract.
    void people();
    /// From an invitation's token to an open login.
    void enrol(std::string const& login, std::string const& token);
    [[nodiscard]] std::string invite(std::string const& by, std::string const& login);
    void login(std::string const& login);
    /// Of a step that was not used yet.
    [[nodiscard]] std::string one_time_code(std::string const& login);
    [[nodiscard]] std::string next_recovery(std::string const& login);
    [[nodiscard]] std::string token(std::string const& login) const;

    /// One statement while policyd is down, then policyd again: for what only time would bring.
    void sql(std::string const& statement);
    /// policyd again, its clock moved ("+80h").
    void restart_policyd(std::string const& moved = "+0s");
    /// The clock of the policyd that runs, moved against the machine's ("+30s").
    void move_clock(std::string const& moved);
    /// Ends this daemon at once, as a crash would; `start_recorder` and `restart_policyd` follow.
    void kill_recorder();
    void kill_policyd();
    /// Ends it as the system would; `restart_policyd` follows.
    void stop_policyd();
    /// Its wall clock moved against the machine's ("+91d") when that is said.
    void
    start_recorder(std::vector<std::string> const& options = {}, std::string const& moved = {});
    [[nodiscard]] int recorder_pid() const { return recorder_; }
    /// Standard error of "recorder" or "policyd" so far.
    [[nodiscard]] std::string log(std::string const& daemon) const;
    /// A socket that has said hello.
    [[nodiscard]] PacketSocket socket() const;
    std::string write(std::string const& name, std::string const& text);
    [[nodiscard]] std::string const& root() const { return folder_.path(); }

    static constexpr char const* password = "Pierre-qui-roule-7!";

private:
    void start_policyd();

    TempFolder folder_;
    std::map<std::string, std::string> totp_; // base32
    std::map<std::string, std::int64_t> last_step_;
    std::map<std::string, std::vector<std::string>> recovery_;
    int policyd_ = -1, recorder_ = -1;
};

} // namespace ecluse::test
