#pragma once

#include "recorder/export/terminal.h"
#include "recorder/format/frame.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>

/// What a session said, in words, each with its moment: what a search reads instead of the
/// recording (docs/formats/recording.md, text.bin). What was typed in hiding is not in it.
namespace ecluse::recording {

/// As in segment.h: one envelope holds it.
constexpr std::size_t session_text_max = 4UL * 1024 * 1024;
/// Bytes of terminals that are read: more than a day of work. A flood costs no more than this.
constexpr std::size_t session_text_read_max = 32UL * 1024 * 1024;

/// Frames in, lines "MILLISECONDS KIND TEXT" out. Kinds: typed, shown, command, title, file,
/// clipboard, event; "cut" when it does not hold everything. Milliseconds count from the first
/// frame, as a replay's clock does.
class SessionText {
public:
    SessionText();

    /// Whole frames, as segments hold them.
    void feed(std::string_view frames);
    void feed(FrameView const& frame);
    /// It is full: what follows is not in it.
    [[nodiscard]] bool is_cut() const { return cut_; }
    /// The whole text. Once only.
    [[nodiscard]] std::string finish();

private:
    /// One direction of one channel.
    struct Stream {
        TerminalText text{TerminalText::Ends::rows};
        std::uint64_t last_ms = 0;
    };
    struct Line {
        Utf8Carry utf8;
        std::string text;
        std::uint64_t from_ms = 0;
        std::uint64_t last_ms = 0;
    };

    void show(FrameView const& frame, std::uint64_t at_ms);
    void type(std::uint16_t channel, std::string_view bytes, std::uint64_t at_ms);
    void press(std::string_view payload, std::uint64_t at_ms);
    void tell(std::string_view payload, std::uint64_t at_ms);
    void add_lines(std::string_view lines, std::uint64_t at_ms, bool bytes);
    void end_line(Line& line);
    void add(std::uint64_t at_ms, std::string_view kind, std::string_view text);

    std::string text_;
    std::uint64_t first_us_ = 0;
    std::uint64_t last_us_ = 0;
    bool begun_ = false;
    bool cut_ = false;
    std::size_t read_ = 0;
    std::map<std::pair<FrameKind, std::uint16_t>, Stream> shown_;
    std::map<std::uint16_t, Line> typed_;
    // What a screen repeats is said once.
    std::unordered_set<std::string> recent_;
    std::deque<std::string> order_;
};

/// One line of the text. The view is into it.
struct SpokenLine {
    std::uint64_t at_ms;
    std::string_view kind;
    std::string_view text;
};
/// Lines that are none are passed over.
void for_each_line(std::string_view text, std::function<bool(SpokenLine const&)> const& visit);

} // namespace ecluse::recording
