#include "gateway/ssh/channel.h"

#include "common/bytes.h"
#include "gateway/ssh/channel_callbacks.h"
#include "gateway/ssh/events.h"

namespace ecluse::ssh {
namespace {

/// Sentences that wait for the client to read; beyond it they are dropped, nobody reads anyway.
constexpr std::size_t notices_max = 64 * 1024;

/// A terminal in raw mode needs the carriage return too.
std::string for_terminal(std::string_view text)
{
    std::string out;
    for (char const c : text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

} // namespace

Channel::Channel(ChannelHost& host, std::uint16_t number)
    : host_{host}, number_{number}, up_{[this](auto bytes) { return tap_up(bytes); },
                                        [this] { return gate_up(); }},
      down_{[this](auto bytes) { return tap_down(bytes); }, [this] { return gate(); }},
      error_{[this](auto bytes) { return tap_error(bytes); }, [this] { return gate(); }}
{
}

Channel::~Channel()
{
    close_both();
}

ssh_channel Channel::open(ssh_session front)
{
    vendor_ = ssh_channel_new(front);
    if (!vendor_) return nullptr;
    callbacks_ = std::make_unique<Callbacks>(*this);
    if (ssh_set_channel_callbacks(vendor_, &callbacks_->vendor) == SSH_OK) return vendor_;
    ssh_channel_free(vendor_);
    vendor_ = nullptr;
    return nullptr;
}

bool Channel::gate() const
{
    auto const* const sink = host_.sink();
    return sink && sink->drained();
}

void Channel::say(std::string_view text)
{
    if (text.empty() || notices_.size() + text.size() > notices_max) return;
    notices_ += has_terminal() ? for_terminal(text) : std::string{text};
}

void Channel::warn(std::string_view title, std::string_view text)
{
    if (!has_terminal() || (state_ != State::relaying && state_ != State::opening)) return;
    if (!title.empty()) notices_ += "\x1b]0;" + printable(title) + "\a";
    notices_ += '\a';
    if (!terminal_.in_full_screen() && !text.empty()) say("\n" + std::string{text} + "\n");
}

void Channel::finish(std::string_view text, int exit_status)
{
    if (state_ == State::finishing || state_ == State::closed) return;
    say(text);
    if (!text.empty() && text.back() != '\n') say("\n");
    up_.stop();
    down_.stop();
    error_.stop();
    exit_status_ = exit_status;
    conclude();
    state_ = State::finishing;
    wake_ = Deadline::max();
}

void Channel::say_last(std::string_view text)
{
    if (state_ == State::closed || !vendor_) return;
    if (has_terminal() && terminal_.in_full_screen()) notices_ += "\x1b[?1049l";
    say("\n" + std::string{text} + "\n");
    write_notices();
}

bool Channel::write_notices()
{
    if (notices_.empty() || !vendor_ || ssh_channel_is_open(vendor_) == 0) return false;
    if (ssh_channel_window_size(vendor_) == 0) return false;
    if (started_ && (!down_.drained() && state_ == State::relaying) && down_.wants_turn())
        return false;
    auto const part = notices_.substr(0, ssh_channel_window_size(vendor_));
    // What the person was shown belongs to the record, before it is shown.
    if (auto* const sink = host_.sink(); sink && has_terminal() && started_) {
        if (!sink->drained()) return false;
        sink->put(FrameKind::output, number_, part);
        if (!sink->drained()) {
            down_.insert(part);
            notices_.erase(0, part.size());
            return true;
        }
    }
    auto const length = static_cast<std::uint32_t>(part.size());
    int const written = has_terminal() || kind_ == ChannelKind::shell
                            ? ssh_channel_write(vendor_, part.data(), length)
                            : ssh_channel_write_stderr(vendor_, part.data(), length);
    if (written <= 0) {
        if (written < 0) notices_.clear();
        return false;
    }
    notices_.erase(0, static_cast<std::size_t>(written));
    return true;
}

void Channel::conclude()
{
    if (!started_ || std::exchange(concluded_, true) || !host_.sink()) return;
    if (tap_)
        for (auto const& event : tap_->conclude(exit_status_))
            host_.tell(number_, event);
    if (kind_ != ChannelKind::shell && kind_ != ChannelKind::sftp)
        host_.tell(number_, to_event(ExecEvent{number_, command_, exit_status_}));
    host_.sink()->put(FrameKind::event, number_, channel_ended(exit_status_));
}

void Channel::close_both()
{
    conclude();
    up_.detach();
    down_.detach();
    error_.detach();
    for (auto* const channel : {&target_, &vendor_}) {
        if (!*channel) continue;
        // A callback may run inside any call of libssh until the channel is gone.
        ssh_remove_channel_callbacks(
            *channel, channel == &vendor_ ? &callbacks_->vendor : &callbacks_->target
        );
        if (ssh_channel_is_open(*channel) != 0) (void)ssh_channel_close(*channel);
        ssh_channel_free(*channel);
        *channel = nullptr;
    }
}

bool Channel::step(Deadline now)
{
    switch (state_) {
    case State::fresh:
    case State::asking_menu:
    case State::asking:
        if (vendor_closed_) state_ = State::closed;
        return write_notices() || vendor_closed_;
    case State::choosing:
    case State::waiting:
        if (vendor_closed_ || (vendor_eof_ && typed_.empty())) {
            state_ = State::closed;
            return true;
        }
        if (!typed_.empty() || now >= wake_) {
            read_menu_input(now);
            return true;
        }
        return write_notices();
    case State::opening: {
        bool const moved = step_opening();
        return write_notices() || moved;
    }
    case State::relaying:
        return relay();
    case State::finishing:
        return step_finishing();
    case State::closed:
        return false;
    }
    return false;
}

bool Channel::wants_turn() const
{
    if (state_ == State::relaying)
        return up_.wants_turn() || down_.wants_turn() || error_.wants_turn();
    return false;
}

bool Channel::is_refused() const
{
    return state_ == State::relaying &&
           (up_.is_refused() || down_.is_refused() || error_.is_refused());
}

} // namespace ecluse::ssh
