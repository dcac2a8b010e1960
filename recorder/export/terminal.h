#pragma once

#include <cstddef>
#include <string>
#include <string_view>
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

private:
    std::string tail_;
};

/// Takes terminal output apart.
class TerminalParser {
public:
    enum class Kind { text, control, escape, csi };
    struct Token {
        Kind kind;
        /// A character, a control, or a whole sequence from its ESC.
        std::string bytes;
    };
    /// Valid UTF-8 in. Strings (OSC, DCS, APC, PM, SOS) and overlong sequences give no token.
    [[nodiscard]] std::vector<Token> feed(std::string_view text);

private:
    enum class State { ground, escape, csi, string, string_escape };
    void take(std::string_view character, std::vector<Token>& tokens);
    void take_ground(std::string_view character, std::vector<Token>& tokens);

    State state_ = State::ground;
    std::string sequence_;
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
    /// Complete lines, each with its line end.
    [[nodiscard]] std::string feed(std::string_view bytes);
    [[nodiscard]] std::string finish();

private:
    void apply(TerminalParser::Token const& token, std::string& to);
    void apply_csi(std::string_view sequence);
    void put(std::string const& character, std::string& to);
    void end_line(std::string& to);

    Utf8Carry utf8_;
    TerminalParser parser_;
    std::vector<std::string> line_;
    std::size_t column_ = 0;
};

} // namespace ecluse::recording
