#include "gateway/ssh/terminal_watch.h"

#include <algorithm>
#include <array>

namespace ecluse::ssh {
namespace {

/// A prompt is short; a longer line keeps its end.
constexpr std::size_t line_max = 256;
constexpr std::size_t control_max = 64;
constexpr std::size_t echo_max = 64;
/// Longer than any echo across a hospital network, shorter than typing a password.
constexpr std::chrono::milliseconds echo_limit{500};

constexpr std::array<std::string_view, 10> secret_words{
    "password",
    "passphrase",
    "passcode",
    "mot de passe",
    "phrase de passe",
    "phrase secr",
    "passwd",
    "secret",
    "code pin",
    "pin code"};

char lowered(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool ends_line(char c)
{
    return c == '\r' || c == '\n' || c == '\x03' || c == '\x04';
}

bool is_printable(char c)
{
    return static_cast<unsigned char>(c) >= 0x20 && c != '\x7f';
}

} // namespace

void TerminalWatch::follow_escape(char c)
{
    switch (escape_) {
    case Escape::none:
        return;
    case Escape::started:
        control_.clear();
        if (c == '[')
            escape_ = Escape::control;
        else if (c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X')
            escape_ = Escape::text;
        else if (c < 0x20 || c > 0x2f)
            escape_ = Escape::none;
        return;
    case Escape::control:
        if (c < 0x40 || c > 0x7e) {
            if (control_.size() < control_max) control_.push_back(c);
            return;
        }
        escape_ = Escape::none;
        if ((c == 'h' || c == 'l') &&
            (control_ == "?1049" || control_ == "?47" || control_ == "?1047"))
            full_screen_ = c == 'h';
        // Clearing the line or moving to its start begins it anew.
        if ((c == 'K' && control_ == "2") || c == 'H' || c == 'J' || c == 'G') line_.clear();
        return;
    case Escape::text:
        if (c == '\a') escape_ = Escape::none;
        if (c == '\x1b') escape_ = Escape::text_end;
        return;
    case Escape::text_end:
        escape_ = c == '\\' ? Escape::none : Escape::text;
        return;
    }
}

void TerminalWatch::on_output(std::string_view bytes)
{
    if (!bytes.empty()) unanswered_.reset();
    for (char const c : bytes) {
        if (escape_ != Escape::none) {
            follow_escape(c);
        } else if (c == '\x1b') {
            escape_ = Escape::started;
        } else if (c == '\n' || c == '\r') {
            line_.clear();
        } else if (c == '\b') {
            if (!line_.empty()) line_.pop_back();
        } else if (is_printable(c)) {
            line_.push_back(c);
            if (line_.size() > line_max) line_.erase(0, line_max / 2);
            if (hidden_ && echoed_.size() < echo_max) echoed_.push_back(c);
        }
    }
    // Two characters, because one may come back by chance.
    if (hidden_ && typed_.size() >= 2 && echoed_.find(typed_) != std::string::npos) hidden_ = false;
}

bool TerminalWatch::asks_for_secret() const
{
    auto const last = line_.find_last_not_of(' ');
    if (last == std::string::npos || (line_[last] != ':' && line_[last] != '?')) return false;
    std::string low = line_;
    std::transform(low.begin(), low.end(), low.begin(), lowered);
    return std::any_of(secret_words.begin(), secret_words.end(), [&](std::string_view word) {
        return low.find(word) != std::string::npos;
    });
}

TerminalWatch::Typed TerminalWatch::on_input(std::string_view bytes, Deadline now)
{
    if (!hidden_) {
        bool const unanswered = unanswered_ && now - *unanswered_ >= echo_limit && !full_screen_;
        if (asks_for_secret() || unanswered) {
            hidden_ = true;
            typed_.clear();
            echoed_.clear();
        }
    }
    auto const end = std::find_if(bytes.begin(), bytes.end(), ends_line);
    std::size_t const count =
        end == bytes.end() ? bytes.size() : static_cast<std::size_t>(end - bytes.begin()) + 1;
    bool const hidden = hidden_;
    if (end != bytes.end()) {
        hidden_ = false;
        unanswered_.reset();
        line_.clear();
    } else {
        if (hidden_ && typed_.size() + bytes.size() <= echo_max) typed_.append(bytes);
        if (!unanswered_ && std::any_of(bytes.begin(), bytes.end(), is_printable))
            unanswered_ = now;
    }
    return {count, hidden};
}

} // namespace ecluse::ssh
