#include "gateway/ssh/channel_callbacks.h"

#include <algorithm>

namespace ecluse::ssh {
namespace {

constexpr int columns_max = 1000;
constexpr int rows_max = 500;
constexpr std::size_t term_bytes_max = 64;
constexpr std::size_t env_value_bytes_max = 1024;

bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

} // namespace

TerminalBounds bounded_size(int columns, int rows)
{
    // Zero means "unknown" to many clients.
    return {
        columns == 0 ? 80 : std::clamp(columns, 1, columns_max),
        rows == 0 ? 24 : std::clamp(rows, 1, rows_max)};
}

bool is_terminal_name(std::string_view name)
{
    return name.size() <= term_bytes_max && std::all_of(name.begin(), name.end(), [](char c) {
               return is_word(c) || c == '-' || c == '_' || c == '.' || c == '+' || c == '@' ||
                      c == ':';
           });
}

bool is_signal_name(std::string_view name)
{
    return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
        return is_word(c) || c == '-' || c == '.' || c == '@';
    });
}

bool is_allowed_env(
    std::vector<std::string> const& allowed, std::string_view name, std::string_view value
)
{
    return value.size() <= env_value_bytes_max &&
           std::find(allowed.begin(), allowed.end(), name) != allowed.end() &&
           std::all_of(value.begin(), value.end(), [](char c) {
               return static_cast<unsigned char>(c) >= 0x20 && c != '\x7f';
           });
}

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
    // Agent and X11 stay unset: libssh grants them as soon as a callback exists.
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
