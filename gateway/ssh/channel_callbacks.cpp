#include "gateway/ssh/channel_callbacks.h"

#include "gateway/ssh/request_checks.h"

namespace ecluse::ssh {
namespace {

/// What a person may type ahead of the menu.
constexpr std::size_t typed_max = 256;

} // namespace

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

int Channel::Callbacks::on_vendor_data(
    ssh_session, ssh_channel, void* data, std::uint32_t length, int is_stderr, void* self
)
{
    auto& channel = of(self);
    std::string_view const bytes{static_cast<char const*>(data), length};
    if (is_stderr != 0) return static_cast<int>(length); // no client sends it, nothing takes it
    if (channel.state_ == State::relaying || channel.state_ == State::opening ||
        (channel.state_ == State::asking && !channel.menu_)) {
        channel.up_.from(channel.vendor_, false);
        return static_cast<int>(channel.up_.on_data(bytes));
    }
    if (channel.state_ == State::choosing || channel.state_ == State::waiting ||
        channel.state_ == State::asking_menu) {
        if (channel.kind_ != ChannelKind::shell) {
            channel.up_.from(channel.vendor_, false);
            return static_cast<int>(channel.up_.on_data(bytes));
        }
        if (channel.typed_.size() < typed_max)
            channel.typed_.append(bytes.substr(0, typed_max - channel.typed_.size()));
        return static_cast<int>(length);
    }
    return static_cast<int>(length); // nobody listens any more
}

void Channel::Callbacks::on_vendor_eof(ssh_session, ssh_channel, void* self)
{
    of(self).vendor_eof_ = true;
}

void Channel::Callbacks::on_vendor_close(ssh_session, ssh_channel, void* self)
{
    of(self).vendor_eof_ = true;
    of(self).vendor_closed_ = true;
}

int Channel::Callbacks::on_pty(
    ssh_session, ssh_channel, char const* term, int width, int height, int, int, void* self
)
{
    auto& channel = of(self);
    std::string_view const name{term ? term : ""};
    if (channel.state_ != State::fresh || channel.pty_ || !is_terminal_name(name)) return -1;
    auto const size = bounded_size(width, height);
    channel.pty_ = Pty{std::string{name}, size.columns, size.rows};
    return 0;
}

int Channel::Callbacks::on_resize(
    ssh_session, ssh_channel, int width, int height, int, int, void* self
)
{
    auto& channel = of(self);
    if (!channel.pty_) return -1;
    auto const size = bounded_size(width, height);
    if (size.columns == channel.pty_->columns && size.rows == channel.pty_->rows) return 0;
    channel.pty_->columns = size.columns;
    channel.pty_->rows = size.rows;
    if (channel.state_ != State::relaying) return 0;
    channel.host_.sink()->put(
        FrameKind::resize,
        channel.number_,
        std::to_string(size.columns) + "x" + std::to_string(size.rows)
    );
    return ssh_channel_change_pty_size(channel.target_, size.columns, size.rows) == SSH_OK ? 0 : -1;
}

int Channel::Callbacks::on_env(
    ssh_session, ssh_channel, char const* name, char const* value, void* self
)
{
    auto& channel = of(self);
    if (channel.state_ != State::fresh || !name || !value) return -1;
    auto const& allowed = channel.host_.settings().env_allow;
    if (!is_allowed_env(allowed, name, value) || channel.env_.size() >= env_count_max) return -1;
    channel.env_.emplace_back(name, value);
    return 0;
}

int Channel::Callbacks::on_shell(ssh_session, ssh_channel, void* self)
{
    auto& channel = of(self);
    if (channel.state_ != State::fresh) return -1;
    channel.request(ChannelKind::shell, {});
    return 0;
}

int Channel::Callbacks::on_exec(ssh_session, ssh_channel, char const* command, void* self)
{
    auto& channel = of(self);
    if (channel.state_ != State::fresh || !command) return -1;
    std::string line{command};
    if (line.empty() ||
        line.size() > static_cast<std::size_t>(channel.host_.settings().command_bytes_max))
        return -1;
    // On a terminal it is a dialogue, whatever its name.
    auto const kind = channel.has_terminal() ? ChannelKind::exec : classify_command(line);
    channel.request(kind, std::move(line));
    return 0;
}

int Channel::Callbacks::on_subsystem(ssh_session, ssh_channel, char const* name, void* self)
{
    auto& channel = of(self);
    if (channel.state_ != State::fresh || !name || std::string_view{name} != "sftp") return -1;
    // A terminal would alter the packets on their way.
    channel.pty_.reset();
    channel.request(ChannelKind::sftp, {});
    return 0;
}

void Channel::Callbacks::on_agent(ssh_session, ssh_channel, void* self)
{
    // There is no other way to hear of it. libssh then tells a client that wants an answer "yes";
    // what refuses is that the target hears nothing of it and that we never open an agent channel.
    auto& channel = of(self);
    channel.host_.on_forward("agent", "request");
}

void Channel::Callbacks::on_signal(ssh_session, ssh_channel, char const* name, void* self)
{
    auto& channel = of(self);
    if (channel.state_ != State::relaying || !name || !is_signal_name(name)) return;
    // A signal that comes when somebody looks again is another one than was meant.
    if (channel.host_.is_paused()) return;
    channel.host_.note_activity();
    (void)ssh_channel_request_send_signal(channel.target_, name);
}

int Channel::Callbacks::on_target_data(
    ssh_session, ssh_channel, void* data, std::uint32_t length, int is_stderr, void* self
)
{
    auto& channel = of(self);
    auto& flow = is_stderr != 0 ? channel.error_ : channel.down_;
    if (channel.state_ == State::finishing || channel.state_ == State::closed)
        return static_cast<int>(length);
    return static_cast<int>(flow.on_data({static_cast<char const*>(data), length}));
}

void Channel::Callbacks::on_target_eof(ssh_session, ssh_channel, void* self)
{
    of(self).target_eof_ = true;
}

void Channel::Callbacks::on_target_close(ssh_session, ssh_channel, void* self)
{
    of(self).target_eof_ = true;
    of(self).target_closed_ = true;
}

void Channel::Callbacks::on_exit_status(ssh_session, ssh_channel, int status, void* self)
{
    of(self).exit_status_ = status;
}

void Channel::Callbacks::on_exit_signal(
    ssh_session, ssh_channel, char const* name, int core, char const*, char const*, void* self
)
{
    if (name && is_signal_name(name)) of(self).exit_signal_ = ExitSignal{name, core != 0};
}

} // namespace ecluse::ssh
