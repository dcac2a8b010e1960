#include "gateway/ssh/channel.h"

#include "common/bytes.h"
#include "common/log.h"
#include "common/text_keys.h"
#include "gateway/ssh/channel_callbacks.h"
#include "gateway/ssh/events.h"
#include "gateway/ssh/request_checks.h"

#include <algorithm>

namespace ecluse::ssh {
namespace {

/// Refused inside a session whose authentication succeeded (notes: EX_NOPERM of sysexits).
constexpr int refused_status = 77;
/// What a person may type ahead of the menu.
constexpr std::size_t typed_max = 256;
/// E-FEN-04: how often the window is asked for again.
constexpr std::chrono::seconds wait_period{5};
/// The status follows the end of the output at once, unless a program closed its output and goes
/// on.
constexpr std::chrono::milliseconds status_wait{250};
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
    : host_{host}, number_{number}, up_{[this](auto bytes, auto& changed) {
                                            return tap_up(bytes, changed);
                                        },
                                        [this] { return gate(); }},
      down_{
          [this](auto bytes, auto& changed) { return tap_down(bytes, changed); },
          [this] { return gate(); }},
      error_{
          [this](auto bytes, auto& changed) { return tap_error(bytes, changed); },
          [this] { return gate(); }}
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
    if (!has_terminal() || state_ != State::relaying) return;
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

// What the vendor asks for ---------------------------------------------------------------------

void Channel::request(ChannelKind kind, std::string command)
{
    kind_ = kind;
    command_ = std::move(command);
    if (host_.login().asset.empty()) {
        auto const id = host_.policy().ask_menu();
        if (!id) return host_.end("policyd_lost", id.error().what);
        asked_ = *id;
        state_ = State::asking_menu;
        return;
    }
    ask_open();
}

void Channel::ask_open()
{
    OpenRequest request;
    request.channel = number_;
    request.kind = kind_;
    request.pty = has_terminal();
    request.command = command_;
    request.account = host_.login().account;
    if (!window_.empty())
        request.window = window_;
    else
        request.asset = host_.login().asset;
    auto const id = host_.policy().ask_open(request);
    if (!id) return host_.end("policyd_lost", id.error().what);
    asked_ = *id;
    state_ = State::asking;
}

void Channel::choose(OpenWindow const& window)
{
    window_ = window.window;
    menu_.reset();
    typed_.clear();
    ask_open();
}

void Channel::on_answer(PolicyLink::Answer& answer)
{
    asked_ = 0;
    if (auto* const menu = std::get_if<Menu>(&answer.body); menu && state_ == State::asking_menu) {
        if (menu->windows.empty()) return finish(menu->refusal->text, refused_status);
        if (kind_ == ChannelKind::shell) {
            say(host_.take_greeting());
            menu_ = std::make_unique<MenuDialog>(
                std::move(*menu), host_.person().language, has_terminal()
            );
            say(menu_->show());
            state_ = State::choosing;
            return;
        }
        // Nobody can be asked here: one open window is an answer, several are a question.
        if (menu->windows.size() == 1) return choose(menu->windows.front());
        return finish(
            text(
                host_.person().language, TextKey::ssh_need_asset, {{"login", host_.login().login}}
            ),
            refused_status
        );
    }
    if (auto* const grant = std::get_if<Grant>(&answer.body); grant && state_ == State::asking) {
        // A program that reads our standard error must find nothing but the command's.
        if (has_terminal()) say(host_.take_greeting() + grant->start_text + "\n");
        if (auto const taken = host_.on_grant(std::move(*grant)); !taken)
            return host_.end("internal_error", taken.error().what);
        state_ = State::opening;
        wake_ = Deadline::max();
        return;
    }
    if (auto const* const refusal = std::get_if<Refusal>(&answer.body)) {
        if (state_ != State::asking || !refusal->wait) return finish(refusal->text, refused_status);
        if (!std::exchange(told_waiting_, true)) {
            say(refusal->text + "\n");
            say(text(host_.person().language, TextKey::ssh_waiting) + "\n");
        }
        state_ = State::waiting;
        wake_ = std::chrono::steady_clock::now() + wait_period;
        return;
    }
    host_.end("protocol_error", "policyd answered another question");
}

void Channel::read_menu_input(Deadline now)
{
    auto const typed = std::exchange(typed_, {});
    if (state_ == State::choosing) {
        auto const step = menu_->on_input(typed);
        say(step.output);
        if (step.quit) return finish("", 0);
        if (step.chosen) choose(*step.chosen);
        return;
    }
    if (state_ != State::waiting) return;
    if (typed.find_first_of("qQ\x03\x04") != std::string::npos) return finish("", refused_status);
    if (now >= wake_) {
        wake_ = Deadline::max();
        ask_open();
    }
}

// The target's side ----------------------------------------------------------------------------

int Channel::step_request()
{
    switch (next_) {
    case Step::channel:
        return ssh_channel_open_session(target_);
    case Step::pty:
        if (!pty_) return SSH_OK;
        return ssh_channel_request_pty_size(target_, pty_->term.c_str(), pty_->columns, pty_->rows);
    case Step::env: {
        if (env_sent_ == env_.size()) return SSH_OK;
        auto const& [name, value] = env_[env_sent_];
        // A target that does not accept the variable is no reason to stop.
        if (ssh_channel_request_env(target_, name.c_str(), value.c_str()) == SSH_AGAIN)
            return SSH_AGAIN;
        ++env_sent_;
        return env_sent_ == env_.size() ? SSH_OK : step_request();
    }
    case Step::start:
        if (kind_ == ChannelKind::shell) return ssh_channel_request_shell(target_);
        if (kind_ == ChannelKind::sftp) return ssh_channel_request_subsystem(target_, "sftp");
        return ssh_channel_request_exec(target_, command_.c_str());
    }
    return SSH_ERROR;
}

bool Channel::step_opening()
{
    if (host_.target().state() != TargetLeg::State::ready) return false;
    if (vendor_closed_) {
        state_ = State::closed;
        return true;
    }
    if (!target_) {
        target_ = ssh_channel_new(host_.target().session());
        if (!target_ || ssh_set_channel_callbacks(target_, &callbacks_->target) != SSH_OK) {
            host_.end("internal_error", "no channel");
            return true;
        }
        error_.from(target_, true);
        down_.from(target_, false);
    }
    if (next_ == Step::start && !std::exchange(started_, true)) {
        // INVARIANT: the record knows what was asked before the target does.
        host_.sink()->put(
            FrameKind::event, number_, channel_started(to_text(kind_), has_terminal(), command_)
        );
        if (pty_)
            host_.sink()->put(
                FrameKind::resize,
                number_,
                std::to_string(pty_->columns) + "x" + std::to_string(pty_->rows)
            );
    }
    if (next_ == Step::start && !host_.sink()->drained()) return false;
    int const rc = step_request();
    if (rc == SSH_AGAIN) return false;
    if (rc != SSH_OK) {
        log(LogLevel::warning,
            std::string{"target channel: "} + ssh_get_error(host_.target().session()));
        finish(text(host_.person().language, TextKey::ssh_target_refused), refused_status);
        return true;
    }
    if (next_ == Step::start)
        begin_relay();
    else
        next_ = static_cast<Step>(static_cast<int>(next_) + 1);
    return true;
}

void Channel::begin_relay()
{
    auto const now = std::chrono::steady_clock::now();
    auto const& grant = *host_.grant();
    // On a terminal everything is recorded; the tap is for what is not a dialogue.
    if (!has_terminal())
        tap_ = make_tap(
            kind_,
            {.channel = number_,
             .budget_bytes = static_cast<std::uint64_t>(grant.exec_budget_bytes),
             .may_upload = grant.allows("file_up"),
             .may_download = grant.allows("file_down"),
             .command = command_,
             .refusal = text(host_.person().language, TextKey::ssh_sftp_refused)},
            now
        );
    up_.from(vendor_, false);
    up_.to(target_, false);
    down_.to(vendor_, false);
    error_.to(vendor_, true);
    state_ = State::relaying;
}

// Relay ----------------------------------------------------------------------------------------

void Channel::apply(Tap::Result& result)
{
    auto& sink = *host_.sink();
    for (auto const& note : result.notes)
        sink.put(FrameKind::event, number_, note);
    for (auto const& event : result.events)
        host_.tell(number_, event);
    if (result.stop.empty()) return;
    auto const key =
        result.stop == "function" ? TextKey::ssh_function_refused : TextKey::ssh_protocol_refused;
    finish(text(host_.person().language, key), refused_status);
}

std::string_view Channel::tap_up(std::string_view bytes, std::string& changed)
{
    host_.note_activity();
    host_.count(true, bytes.size());
    auto const now = std::chrono::steady_clock::now();
    if (!tap_) {
        auto rest = bytes;
        while (!rest.empty()) {
            auto const typed = terminal_.on_input(rest, now);
            host_.sink()->put(
                typed.hidden ? FrameKind::hidden_input : FrameKind::input,
                number_,
                rest.substr(0, typed.count)
            );
            rest.remove_prefix(typed.count);
        }
        return bytes;
    }
    auto result = tap_->up(bytes, now);
    if (!result.record.empty()) host_.sink()->put(FrameKind::bytes_up, number_, result.record);
    if (!result.reply.empty()) down_.insert(result.reply);
    apply(result);
    (void)changed;
    return result.forward;
}

std::string_view Channel::tap_down(std::string_view bytes, std::string& changed)
{
    host_.count(false, bytes.size());
    if (!tap_) {
        terminal_.on_output(bytes);
        host_.sink()->put(FrameKind::output, number_, bytes);
        return bytes;
    }
    host_.note_activity();
    auto result = tap_->down(bytes, std::chrono::steady_clock::now());
    if (!result.record.empty()) host_.sink()->put(FrameKind::bytes_down, number_, result.record);
    if (!result.reply.empty()) up_.insert(result.reply);
    apply(result);
    (void)changed;
    return result.forward;
}

std::string_view Channel::tap_error(std::string_view bytes, std::string&)
{
    host_.count(false, bytes.size());
    // Standard error is always words, never a file: recorded in full.
    host_.sink()->put(has_terminal() ? FrameKind::output : FrameKind::bytes_down, number_, bytes);
    return bytes;
}

bool Channel::relay(Deadline)
{
    bool moved = down_.pump();
    moved = error_.pump() || moved;
    moved = up_.pump() || moved;
    moved = write_notices() || moved;
    if (state_ != State::relaying) return true;
    if (up_.is_broken() || down_.is_broken() || error_.is_broken()) {
        bool const closing = vendor_closed_ || target_closed_ ||
                             ssh_channel_is_open(vendor_) == 0 || ssh_channel_is_open(target_) == 0;
        if (!closing) {
            host_.end("protocol_error", "a peer ignored its window");
            return true;
        }
    }
    if (vendor_eof_ && !eof_sent_up_ && up_.drained()) {
        eof_sent_up_ = true;
        (void)ssh_channel_send_eof(target_);
        moved = true;
    }
    if (vendor_closed_ && (up_.drained() || up_.is_broken())) {
        // The client does not want the rest.
        state_ = State::closed;
        return true;
    }
    bool const shown =
        (down_.drained() || down_.is_broken()) && (error_.drained() || error_.is_broken());
    if (target_closed_ && shown) {
        state_ = State::finishing;
        return true;
    }
    if (target_eof_ && !eof_sent_down_ && shown && notices_.empty() && status_came_or_late()) {
        // A client may leave at the end of the output: the status goes first.
        send_status();
        eof_sent_down_ = true;
        (void)ssh_channel_send_eof(vendor_);
        moved = true;
    }
    return moved;
}

bool Channel::status_came_or_late()
{
    if (exit_status_ || exit_signal_) return true;
    auto const now = std::chrono::steady_clock::now();
    if (status_until_ == Deadline::max()) status_until_ = now + status_wait;
    return now >= status_until_;
}

void Channel::send_status()
{
    if (status_sent_ || (!exit_status_ && !exit_signal_)) return;
    status_sent_ = true;
    if (exit_signal_)
        (void)ssh_channel_request_send_exit_signal(
            vendor_, exit_signal_->name.c_str(), exit_signal_->core ? 1 : 0, "", ""
        );
    else
        (void)ssh_channel_request_send_exit_status(vendor_, *exit_status_);
}

bool Channel::step_finishing()
{
    status_until_ = Deadline::max();
    if (vendor_closed_ || ssh_channel_is_open(vendor_) == 0) {
        state_ = State::closed;
        return true;
    }
    bool moved = false;
    if (started_) moved = down_.pump() || moved;
    moved = write_notices() || moved;
    if (!notices_.empty()) return moved;
    send_status();
    (void)ssh_channel_send_eof(vendor_);
    (void)ssh_channel_close(vendor_);
    state_ = State::closed;
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
        return relay(now);
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

// libssh's callbacks ---------------------------------------------------------------------------

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
