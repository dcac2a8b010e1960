#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a hostile target may have sent, made harmless: as UTF-8, as plain lines, or as bytes that a
/// real terminal may be given. All of them are fed in pieces.
namespace ecluse::recording {

/// Valid UTF-8 from any bytes: a sequence split between two pieces is carried over, what is not
/// UTF-8 becomes U+FFFD.
class Utf8Carry {
public:
    [[nodiscard]] std::string feed(std::string_view bytes);
    /// What was still incomplete at the end.
    [[nodiscard]] std::string finish();
    /// No character is half read.
    [[nodiscard]] bool is_whole() const { return tail_.empty(); }

private:
    std::string tail_;
};

/// Takes terminal output apart.
class TerminalParser {
public:
    enum class Kind { text, control, escape, csi, title };
    struct Token {
        Kind kind;
        /// A character, a control, a whole sequence from its ESC, or the words of a title.
        std::string bytes;
    };
    /// Valid UTF-8 in. Strings (OSC, DCS, APC, PM, SOS) other than a window's title and overlong
    /// sequences give no token.
    [[nodiscard]] std::vector<Token> feed(std::string_view text);

private:
    enum class State { ground, escape, csi, string, string_escape };
    void take(std::string_view character, std::vector<Token>& tokens);
    void take_ground(std::string_view character, std::vector<Token>& tokens);
    void end_string(std::vector<Token>& tokens);

    State state_ = State::ground;
    std::string sequence_;
    std::string string_; // of an OSC, from its number
    bool too_long_ = false;
};

/// For a real terminal: text, colours and cursor pass; titles, clipboard, queries that make a
/// terminal answer, mouse and paste modes do not.
class TerminalFilter {
public:
    [[nodiscard]] std::string feed(std::string_view bytes);
    [[nodiscard]] static std::string_view restore();

private:
    Utf8Carry utf8_;
    TerminalParser parser_;
};

/// Plain lines: what a reader would have seen, line by line, corrections made at the prompt
/// included.
class TerminalText {
public:
    /// In `rows` the cursor going elsewhere on the screen ends a line too: for a search, where what
    /// a full-screen program draws must not run together.
    enum class Ends { lines, rows };
    explicit TerminalText(Ends ends = Ends::lines) : ends_{ends} {}

    /// Complete lines, each with its line end.
    [[nodiscard]] std::string feed(std::string_view bytes);
    [[nodiscard]] std::string finish();
    /// The titles given to the window since the last call.
    [[nodiscard]] std::vector<std::string> take_titles() { return std::exchange(titles_, {}); }

private:
    void apply(TerminalParser::Token const& token, std::string& to);
    void apply_csi(std::string_view sequence, std::string& to);
    void put(std::string const& character, std::string& to);
    void end_line(std::string& to);

    Ends ends_;
    Utf8Carry utf8_;
    TerminalParser parser_;
    std::vector<std::string> line_;
    std::size_t column_ = 0;
    std::vector<std::string> titles_;
};

} // namespace ecluse::recording
