#pragma once

#include "common/fd.h"
#include "tests/support/temp_folder.h"

#include <atomic>
#include <string>
#include <thread>

/// A target that misbehaves as real ones only do on bad days: FreeRDP's own server, which says one
/// wrong thing once the client is there.
namespace ecluse::test {

class ScriptedTarget {
public:
    enum class Act {
        bad_password,  // as Windows without NLA: the account it was given does not open a session
        redirection,   // "go to that other machine"
        large_desktop, // more pixels than anybody could record
        bad_codec,     // surface commands that no codec takes
    };
    explicit ScriptedTarget(Act act);
    ~ScriptedTarget();
    ScriptedTarget(ScriptedTarget const&) = delete;
    ScriptedTarget& operator=(ScriptedTarget const&) = delete;

    [[nodiscard]] std::string port() const { return std::to_string(port_); }
    /// SHA-256 of its certificate, 64 hexadecimal digits.
    [[nodiscard]] std::string const& fingerprint() const { return fingerprint_; }

private:
    void serve();

    Act act_;
    TempFolder folder_;
    std::string certificate_;
    std::string key_;
    std::string fingerprint_;
    Fd listener_;
    int port_ = 0;
    std::atomic<bool> over_ = false;
    std::thread thread_;
};

} // namespace ecluse::test
