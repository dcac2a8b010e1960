#pragma once

#include "common/time.h"
#include "gateway/ssh/channel_host.h"
#include "gateway/ssh/command.h"
#include "gateway/ssh/flow.h"
#include "gateway/ssh/menu.h"
#include "gateway/ssh/tap.h"
#include "gateway/ssh/terminal_watch.h"

#include <libssh/callbacks.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ecluse::ssh {

/// One session channel of the vendor, from its first request to its end: what it asks for is
/// decided by policyd, then opened on the target, then relayed. Requests are accepted at once and
/// answered in the channel, because a refusal needs room for a sentence.
class Channel {
public:
    Channel(ChannelHost& host, std::uint16_t number);
    Channel(Channel const&) = delete;
    Channel& operator=(Channel const&) = delete;
    ~Channel();

    /// Called in libssh's callback for a channel open; nullptr when there is no memory.
    [[nodiscard]] ssh_channel open(ssh_session front);
    /// Moves on as far as possible; true when something moved.
    bool step(Deadline now);
    /// An answer of policyd to a question this channel asked.
    void on_answer(PolicyLink::Answer& answer);
    [[nodiscard]] bool asked(PolicyLink::Id id) const { return id == asked_; }

    [[nodiscard]] bool is_closed() const { return state_ == State::closed; }
    [[nodiscard]] bool is_relaying() const { return state_ == State::relaying; }
    [[nodiscard]] bool has_terminal() const { return pty_.has_value(); }
    /// Something to do at once / as soon as a key exchange is over / at this instant.
    [[nodiscard]] bool wants_turn() const;
    [[nodiscard]] bool is_refused() const;
    [[nodiscard]] Deadline wakes_at() const
    {
        return eof_sent_down_ ? wake_ : std::min(wake_, status_until_);
    }

    /// A sentence for the person: on the terminal, or on standard error.
    void say(std::string_view text);
    /// Only on terminals: title and bell, and the sentence unless a full-screen program draws.
    void warn(std::string_view title, std::string_view text);
    /// Says the last words and ends the channel with this status.
    void finish(std::string_view text, int exit_status);
    /// Writes the last words as far as the client takes them now.
    void say_last(std::string_view text);
    /// Complete the facts (transfers cut short, the command's end).
    void conclude();

private:
    /// Refused inside a session whose authentication succeeded (EX_NOPERM of sysexits).
    static constexpr int refused_status = 77;

    enum class State {
        fresh,
        asking_menu,
        choosing,
        asking,
        waiting,
        opening,
        relaying,
        finishing,
        closed
    };
    enum class Step { channel, pty, env, start };
    struct Pty {
        std::string term;
        int columns;
        int rows;
    };
    struct Callbacks;

    void request(ChannelKind kind, std::string command);
    void ask_open();
    void read_menu_input(Deadline now);
    void choose(OpenWindow const& window);
    bool step_opening();
    [[nodiscard]] int step_request();
    void begin_relay();
    bool relay();
    bool write_notices();
    bool step_finishing();
    [[nodiscard]] bool status_came_or_late();
    void send_status();
    void close_both();
    [[nodiscard]] std::string_view tap_up(std::string_view bytes);
    [[nodiscard]] std::string_view tap_down(std::string_view bytes);
    [[nodiscard]] std::string_view tap_error(std::string_view bytes);
    void apply(Tap::Result& result);
    [[nodiscard]] bool gate() const;
    [[nodiscard]] bool gate_up() const { return gate() && !host_.is_paused(); }

    ChannelHost& host_;
    std::uint16_t number_;
    State state_ = State::fresh;
    ssh_channel vendor_ = nullptr;
    ssh_channel target_ = nullptr;
    std::unique_ptr<Callbacks> callbacks_;

    ChannelKind kind_ = ChannelKind::shell;
    std::string command_;
    std::optional<Pty> pty_;
    std::vector<std::pair<std::string, std::string>> env_;
    std::string window_; // chosen from the menu

    PolicyLink::Id asked_ = 0;
    Deadline wake_ = Deadline::max();
    std::unique_ptr<MenuDialog> menu_;
    std::string typed_; // for us, not for the target
    bool told_waiting_ = false;
    bool told_paused_ = false;

    Step next_ = Step::channel;
    std::size_t env_sent_ = 0;

    Flow up_;
    Flow down_;
    Flow error_;
    TerminalWatch terminal_;
    std::unique_ptr<Tap> tap_;
    std::string notices_;
    bool started_ = false;
    bool concluded_ = false;

    bool vendor_eof_ = false;
    bool vendor_closed_ = false;
    bool target_eof_ = false;
    bool target_closed_ = false;
    bool eof_sent_up_ = false;
    bool eof_sent_down_ = false;
    std::optional<int> exit_status_;
    struct ExitSignal {
        std::string name;
        bool core;
    };
    std::optional<ExitSignal> exit_signal_;
    bool status_sent_ = false;
    Deadline status_until_ =
        Deadline::max(); // the end of the output waits for the status until then
};

} // namespace ecluse::ssh
