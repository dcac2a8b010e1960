#pragma once

#include "gateway/ssh/channel.h"

/// libssh's side of a Channel: what it calls.
namespace ecluse::ssh {

struct Channel::Callbacks {
    explicit Callbacks(Channel& channel);

    static Channel& of(void* self) { return *static_cast<Channel*>(self); }
    static int
    on_vendor_data(ssh_session, ssh_channel, void* data, std::uint32_t, int is_stderr, void* self);
    static void on_vendor_eof(ssh_session, ssh_channel, void* self);
    static void on_vendor_close(ssh_session, ssh_channel, void* self);
    static int
    on_pty(ssh_session, ssh_channel, char const* term, int width, int height, int, int, void* self);
    static int on_resize(ssh_session, ssh_channel, int width, int height, int, int, void* self);
    static int on_env(ssh_session, ssh_channel, char const* name, char const* value, void* self);
    static int on_shell(ssh_session, ssh_channel, void* self);
    static int on_exec(ssh_session, ssh_channel, char const* command, void* self);
    static int on_subsystem(ssh_session, ssh_channel, char const* name, void* self);
    static void on_agent(ssh_session, ssh_channel, void* self);
    static void on_signal(ssh_session, ssh_channel, char const* name, void* self);
    static int
    on_target_data(ssh_session, ssh_channel, void* data, std::uint32_t, int is_stderr, void* self);
    static void on_target_eof(ssh_session, ssh_channel, void* self);
    static void on_target_close(ssh_session, ssh_channel, void* self);
    static void on_exit_status(ssh_session, ssh_channel, int status, void* self);
    static void on_exit_signal(
        ssh_session, ssh_channel, char const* name, int core, char const*, char const*, void* self
    );

    ssh_channel_callbacks_struct vendor{};
    ssh_channel_callbacks_struct target{};
};

} // namespace ecluse::ssh
