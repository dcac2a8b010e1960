#include "gateway/ssh/channel_callbacks.h"

namespace ecluse::ssh {

Channel::Callbacks::Callbacks(Channel& channel)
{
    vendor.userdata = &channel;
    vendor.channel_data_function = on_vendor_data;
    vendor.channel_eof_function = on_vendor_eof;
    vendor.channel_close_function = on_vendor_close;
    vendor.channel_pty_request_function = on_pty;
    vendor.channel_pty_window_change_function = on_resize;
    vendor.channel_env_request_function = on_env;
    vendor.channel_shell_request_function = on_shell;
    vendor.channel_exec_request_function = on_exec;
    vendor.channel_subsystem_request_function = on_subsystem;
    vendor.channel_signal_function = on_signal;
    vendor.channel_auth_agent_req_function = on_agent;
    // X11 stays unset: libssh grants it as soon as a callback exists, and tells us of it elsewhere.
    ssh_callbacks_init(&vendor);

    target.userdata = &channel;
    target.channel_data_function = on_target_data;
    target.channel_eof_function = on_target_eof;
    target.channel_close_function = on_target_close;
    target.channel_exit_status_function = on_exit_status;
    target.channel_exit_signal_function = on_exit_signal;
    ssh_callbacks_init(&target);
}

} // namespace ecluse::ssh
