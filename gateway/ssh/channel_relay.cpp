// A channel whose program runs: recorded, watched, delivered, and the end told in the right order.
#include "common/text_keys.h"
#include "gateway/ssh/channel.h"

namespace ecluse::ssh {
namespace {

/// The status follows the end of the output at once, unless a program closed its output and goes
/// on.
constexpr std::chrono::milliseconds status_wait{250};

} // namespace

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

std::string_view Channel::tap_up(std::string_view bytes)
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
    return result.forward;
}

std::string_view Channel::tap_down(std::string_view bytes)
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
    return result.forward;
}

std::string_view Channel::tap_error(std::string_view bytes)
{
    host_.count(false, bytes.size());
    // Standard error is always words, never a file: recorded in full.
    host_.sink()->put(has_terminal() ? FrameKind::output : FrameKind::bytes_down, number_, bytes);
    return bytes;
}

bool Channel::relay()
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

} // namespace ecluse::ssh
