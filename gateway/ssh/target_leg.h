#pragma once

#include "common/fd.h"
#include "common/time.h"
#include "gateway/ssh/handle.h"
#include "gateway/ssh/read_ahead.h"
#include "gateway/ssh/words.h"

#include <optional>
#include <string>

namespace ecluse::ssh {

/// The session to the target, on the socket that policyd connected: key exchange, pinned host key,
/// then authentication with the one credential of this session. Never waits: `step` moves it on.
class TargetLeg {
public:
    enum class State { idle, connecting, authenticating, ready, failed };
    struct Options {
        Algorithms algorithms;
        std::int64_t rekey_bytes;
        std::int64_t rekey_s;
    };

    /// Takes the descriptors over. `agent` is empty for a password.
    Result<> start(Fd socket, Fd agent, Target target, Options const& options);
    /// True when the state changed.
    bool step(Deadline now);
    /// Reads what arrived, bounded; true when something did.
    bool receive();

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] ssh_session session() const { return session_.get(); }
    [[nodiscard]] int fd() const { return socket_.get(); }
    /// "E-CIB-02" (cannot be reached) or "E-CIB-03" (not the known machine).
    [[nodiscard]] std::string const& failure_code() const { return code_; }
    [[nodiscard]] std::string const& failure_detail() const { return detail_; }
    [[nodiscard]] std::string const& fingerprint() const { return fingerprint_; }
    [[nodiscard]] bool is_alive() const
    {
        return session_ && ssh_is_connected(session_.get()) != 0;
    }
    /// Bytes that arrived and that `poll` does not know of: do not sleep, receive.
    [[nodiscard]] bool has_unread() const
    {
        return state_ != State::failed && ahead_.has_bytes() && is_alive();
    }
    [[nodiscard]] Deadline deadline() const { return deadline_; }
    /// Says goodbye if the socket takes it, and closes.
    void close();

private:
    bool fail(std::string code, std::string detail);
    bool check_host_key();
    bool authenticate();
    [[nodiscard]] int try_once();
    [[nodiscard]] int answer_prompts();

    State state_ = State::idle;
    Fd socket_;
    Fd agent_;
    ReadAhead ahead_;
    SessionHandle session_;
    EventHandle event_;
    Target target_;
    Deadline deadline_ = Deadline::max();
    enum class Method { password, prompts };
    Method method_ = Method::password;
    std::string fingerprint_;
    std::string code_;
    std::string detail_;
};

} // namespace ecluse::ssh
