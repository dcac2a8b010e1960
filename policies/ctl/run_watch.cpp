#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"
#include "recorder/export/terminal.h"
#include "recorder/format/frame.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <unistd.h>
#include <utility>

/// A terminal session as it happens. What comes is the recording's own frames; they reach this
/// terminal through the filter that also guards a replay.
namespace ecluse::ctl {
namespace {

volatile std::sig_atomic_t interrupted = 0;

struct End {
    std::string_view why;
    TextKey text;
    Exit exit;
};
constexpr End ends[] = {
    {"ended", TextKey::ctl_watch_ended, Exit::ok},
    {"access_ended", TextKey::ctl_watch_access, Exit::refused},
    {"viewer_slow", TextKey::ctl_watch_slow, Exit::failed},
};

/// Shows frames until the last one, and says what that one said.
class Screen {
public:
    Result<> feed(std::string_view bytes)
    {
        auto const frames = ECLUSE_TRY(decoder_.feed(bytes));
        for (auto const& frame : frames) {
            if (frame.kind == FrameKind::end) why_ = reason_in(frame.payload);
            if (frame.kind != FrameKind::output && frame.kind != FrameKind::bytes_down) continue;
            auto const safe = filter_.feed(frame.payload);
            ECLUSE_TRY(write_all(STDOUT_FILENO, safe));
        }
        return {};
    }
    [[nodiscard]] bool ended() const { return decoder_.ended(); }
    [[nodiscard]] std::string const& why() const { return why_; }

private:
    static std::string reason_in(std::string_view payload)
    {
        auto const object = parse_object(payload);
        if (!object) return {};
        Fields fields{*object};
        return fields.text("reason", 64);
    }

    FrameDecoder decoder_;
    recording::TerminalFilter filter_;
    std::string why_;
};

Result<> show_until_end(int from, Screen& screen)
{
    std::array<char, 64 * 1024> buffer;
    while (!screen.ended() && interrupted == 0) {
        pollfd watched{from, POLLIN, 0};
        if (::poll(&watched, 1, -1) < 0) continue; // a signal: the condition says which
        auto const got = ::read(from, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return {};
        ECLUSE_TRY(screen.feed({buffer.data(), static_cast<std::size_t>(got)}));
    }
    return {};
}

/// Asked first: nobody is told of being watched by somebody who then sees nothing.
bool is_terminal(Ctl& ctl, json::object const& fields)
{
    auto shown = ctl.ask("session.show", fields);
    if (!shown) return false;
    if (auto const done = unfold(*shown); !done) {
        ctl.fail(done.error());
        return false;
    }
    auto const* const protocol = shown->fields.if_contains("protocol");
    if (protocol && protocol->is_string() && protocol->get_string() == "ssh") return true;
    ctl.fail(Exit::usage, TextKey::ctl_watch_desktop);
    return false;
}

} // namespace

Exit run_session_watch(Ctl& ctl, Command const& command, json::object fields)
{
    if (!is_terminal(ctl, fields)) return ctl.exit();
    auto const answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    if (answer->descriptors.size() != 1)
        return ctl.fail(Error{Errc::malformed, "session.watch: no descriptor in the answer"});
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = 1; };
    ::sigaction(SIGINT, &action, nullptr);
    Screen screen;
    auto const shown = show_until_end(answer->descriptors.front().get(), screen);
    // Also after a failure: the viewer's terminal is left usable.
    if (::isatty(STDOUT_FILENO) == 1)
        (void)write_all(STDOUT_FILENO, recording::TerminalFilter::restore());
    if (!shown) return ctl.fail(shown.error());
    if (interrupted != 0) return Exit::ok;
    for (auto const& end : ends) {
        if (end.why != screen.why()) continue;
        if (end.exit != Exit::ok) return ctl.fail(end.exit, end.text);
        ctl.say(end.text);
        return end.exit;
    }
    return ctl.fail(Exit::unreachable, TextKey::ctl_watch_lost);
}

} // namespace ecluse::ctl
