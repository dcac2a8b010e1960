#pragma once

#include "common/time.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse::ssh {

/// Follows a terminal from outside: is a full-screen program drawing, and is echo off? The second
/// cannot be known from the byte stream (the terminal's settings live on the target), so it is
/// judged, and only ever decides between the frames `i` and `n`: both are recorded at once, `n` is
/// masked outside the sealed record. Input counts as hidden, until the end of its line, when
/// - the last line shown ends like a question for a secret ("[sudo] Mot de passe de root :"), or
/// - something printable was typed in this line, and half a second later the terminal had still
///   shown nothing at all, and no full-screen program is drawing.
/// What is shown back exactly as typed was not hidden: the rest of the line is ordinary again.
class TerminalWatch {
public:
    void on_output(std::string_view bytes);
    /// How many bytes at the front of `bytes` are of one sort, and whether they are hidden. Call
    /// again with the rest.
    struct Typed {
        std::size_t count;
        bool hidden;
    };
    [[nodiscard]] Typed on_input(std::string_view bytes, Deadline now);
    [[nodiscard]] bool in_full_screen() const { return full_screen_; }

private:
    enum class Escape { none, started, control, text, text_end };
    void follow_escape(char c);
    [[nodiscard]] bool asks_for_secret() const;

    Escape escape_ = Escape::none;
    std::string control_;
    std::string line_; // what the last line shows, escapes left out
    bool full_screen_ = false;
    bool hidden_ = false;
    std::string typed_;                  // in this line while hidden, to recognise its echo
    std::string echoed_;                 // shown since
    std::optional<Deadline> unanswered_; // first printable input that nothing was shown for
};

} // namespace ecluse::ssh
