// What a channel asks for, until the target's program runs: menu, decision, opening.
#include "common/log.h"
#include "common/text_keys.h"
#include "gateway/ssh/channel.h"
#include "gateway/ssh/channel_callbacks.h"
#include "gateway/ssh/events.h"

namespace ecluse::ssh {
namespace {

/// E-FEN-04: how often the window is asked for again.
constexpr std::chrono::seconds wait_period{5};

} // namespace

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
    if (next_ == Step::start && host_.is_paused()) {
        // What is asked for here is sent too: it waits like what is typed.
        if (std::exchange(told_paused_, true)) return false;
        say(text(host_.person().language, TextKey::session_paused) + "\n");
        return true;
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

} // namespace ecluse::ssh
