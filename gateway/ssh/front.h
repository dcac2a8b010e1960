#pragma once

#include "common/fd.h"
#include "common/time.h"
#include "gateway/ssh/authentication.h"
#include "gateway/ssh/client_hello.h"
#include "gateway/ssh/handle.h"
#include "gateway/ssh/read_ahead.h"

#include <libssh/callbacks.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::ssh {

/// The vendor's side: an SSH server for one connection. Before both factors nothing but the
/// dialogue of `Authentication`; afterwards session channels, and refusals of everything else.
class Front {
public:
    /// Asked inside libssh's callbacks: keep it short and free nothing.
    class Listener {
    public:
        /// A new session channel, or nullptr to refuse it.
        [[nodiscard]] virtual ssh_channel on_channel() = 0;
        virtual void on_forward(std::string_view what, std::string_view detail) = 0;

    protected:
        ~Listener() = default;
    };

    Front(Fd socket, PolicyLink& policy, Settings const& settings, Listener& listener);
    Front(Front const&) = delete;
    Front& operator=(Front const&) = delete;
    ~Front();

    /// Says our version, looks at the client's hello for a moment, and offers what suits it.
    Result<> start(std::vector<Fd> const& host_keys);
    /// Key exchange and what arrived, bounded; true when something moved.
    bool receive();

    /// Writes what waits, reads nothing.
    bool flush();
    [[nodiscard]] std::uint64_t bytes_read() const { return counted_.in_bytes; }

    [[nodiscard]] ssh_session session() const { return session_.get(); }
    [[nodiscard]] int fd() const { return socket_.get(); }
    [[nodiscard]] bool is_alive() const;
    /// Bytes that arrived and that `poll` does not know of: do not sleep, receive.
    [[nodiscard]] bool has_unread() const { return ahead_.has_bytes() && is_alive(); }
    [[nodiscard]] Authentication& authentication() { return authentication_; }
    /// Both factors accepted, and said so to the client.
    [[nodiscard]] bool is_open() const { return open_; }
    [[nodiscard]] std::string client_version() const;
    /// Writes what libssh still holds for at most `limit`, says `farewell` (ASCII) and closes.
    void close(std::string_view farewell, std::chrono::milliseconds limit);

private:
    static int on_none(ssh_session, char const* user, void* self);
    static int on_password(ssh_session, char const* user, char const* password, void* self);
    static int on_key(ssh_session, char const* user, ssh_key_struct* key, char state, void* self);
    static ssh_channel on_channel(ssh_session, void* self);
    static ssh_string on_gssapi(ssh_session, char const*, int, ssh_string*, void*)
    {
        return nullptr;
    }
    static int on_message(ssh_session, ssh_message message, void* self);

    Result<> set_options(ssh_bind bind, Algorithms const& lists) const;
    /// Our version line, and what the client answers to it.
    Result<StrictKex> greet() const;
    /// libssh begins by saying the version, which was said: that goes into `away`.
    Result<> begin(int theirs, Fd away);
    /// Before the first reply: earlier, OpenSSH takes it for a fault.
    void send_banner();
    [[nodiscard]] int reply(Authentication::Reply reply);
    int on_prompts(ssh_message message);
    void ask(ssh_message message, Authentication::Prompt const& prompt);
    void refuse(ssh_message message);

    Fd socket_;
    Settings const& settings_;
    Listener& listener_;
    Authentication authentication_;
    ReadAhead ahead_;
    BindHandle bind_;
    SessionHandle session_;
    EventHandle event_;
    ssh_server_callbacks_struct callbacks_{};
    ssh_counter_struct counted_{};
    bool exchanged_ = false;
    bool banner_sent_ = false;
    bool open_ = false;
};

} // namespace ecluse::ssh
