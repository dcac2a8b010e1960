#include "recorder/export/terminal.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace ecluse::recording {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
/// Real sequences are under 32 bytes; a longer one is an attack or noise.
constexpr std::size_t sequence_bytes_max = 64;
/// A window's title; a longer one is cut.
constexpr std::size_t title_bytes_max = 512;
/// Between two calls of take_titles.
constexpr std::size_t titles_max = 1000;
/// Binary output without line ends must not grow one line for ever.
constexpr std::size_t columns_max = 4096;

unsigned char byte_at(std::string_view text, std::size_t at)
{
    return static_cast<unsigned char>(text[at]);
}

/// How long the sequence that begins with this byte is; 0 when none begins so.
std::size_t sequence_length(unsigned char first)
{
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return 2;
    if (first >= 0xE0 && first <= 0xEF) return 3;
    if (first >= 0xF0 && first <= 0xF4) return 4;
    return 0;
}

/// Overlong forms, surrogates and values past U+10FFFF are judged by the second byte.
bool second_fits(unsigned char first, unsigned char second)
{
    if (first == 0xE0) return second >= 0xA0 && second <= 0xBF;
    if (first == 0xED) return second >= 0x80 && second <= 0x9F;
    if (first == 0xF0) return second >= 0x90 && second <= 0xBF;
    if (first == 0xF4) return second >= 0x80 && second <= 0x8F;
    return second >= 0x80 && second <= 0xBF;
}

/// The number of bytes that are fine so far, of a sequence at `at`.
std::size_t fitting(std::string_view text, std::size_t at, std::size_t length)
{
    std::size_t good = 1;
    while (good < length && at + good < text.size()) {
        auto const next = byte_at(text, at + good);
        bool const fits =
            good == 1 ? second_fits(byte_at(text, at), next) : next >= 0x80 && next <= 0xBF;
        if (!fits) break;
        ++good;
    }
    return good;
}

bool is_c1(std::string_view character)
{
    return character.size() == 2 && character[0] == '\xC2' && byte_at(character, 1) < 0xA0;
}

bool may_set_mode(std::string_view parameters)
{
    // Cursor keys, wrap, blink, cursor visibility, alternate screens. Mouse, focus and paste modes
    // would make the viewer's terminal type by itself.
    for (std::string_view const mode : {"1", "7", "12", "25", "47", "1047", "1048", "1049"})
        if (parameters == mode) return true;
    return false;
}

bool may_pass(TerminalParser::Token const& token)
{
    switch (token.kind) {
    case TerminalParser::Kind::text:
        return true;
    case TerminalParser::Kind::title:
        return false;
    case TerminalParser::Kind::control:
        return std::string_view{"\b\t\n\v\f\r\x0e\x0f"}.find(token.bytes[0]) !=
               std::string_view::npos;
    case TerminalParser::Kind::escape:
        if (token.bytes.size() == 2)
            return std::string_view{"78DEHM=>"}.find(token.bytes[1]) != std::string_view::npos;
        return token.bytes.size() == 3 && (token.bytes[1] == '(' || token.bytes[1] == ')') &&
               std::string_view{"0AB"}.find(token.bytes[2]) != std::string_view::npos;
    case TerminalParser::Kind::csi:
        break;
    }
    auto const final = token.bytes.back();
    std::string_view const parameters{token.bytes.data() + 2, token.bytes.size() - 3};
    if (parameters.starts_with('?'))
        return (final == 'h' || final == 'l') && may_set_mode(parameters.substr(1));
    if (parameters.find_first_not_of("0123456789;:") != std::string_view::npos) return false;
    return std::string_view{"ABCDEFGHJKLMPSTX@dfmrs`ae"}.find(final) != std::string_view::npos;
}

} // namespace

std::string Utf8Carry::feed(std::string_view bytes)
{
    std::string const joined = std::exchange(tail_, {}) + std::string{bytes};
    std::string text;
    for (std::size_t at = 0; at < joined.size();) {
        auto const length = sequence_length(byte_at(joined, at));
        if (length == 0) {
            text += replacement;
            ++at;
            continue;
        }
        auto const good = fitting(joined, at, length);
        if (good == length)
            text.append(joined, at, length);
        else if (at + good == joined.size())
            tail_ = joined.substr(at);
        else
            text += replacement;
        at += good;
    }
    return text;
}

std::string Utf8Carry::finish()
{
    return std::exchange(tail_, {}).empty() ? std::string{} : std::string{replacement};
}

std::vector<TerminalParser::Token> TerminalParser::feed(std::string_view text)
{
    std::vector<Token> tokens;
    for (std::size_t at = 0; at < text.size();) {
        auto const length = std::max<std::size_t>(sequence_length(byte_at(text, at)), 1);
        take(text.substr(at, length), tokens);
        at += length;
    }
    return tokens;
}

void TerminalParser::take_ground(std::string_view character, std::vector<Token>& tokens)
{
    // 8-bit controls are escape sequences in disguise; no UTF-8 program sends them.
    if (is_c1(character)) return;
    bool const control = byte_at(character, 0) < 0x20 || byte_at(character, 0) == 0x7F;
    tokens.push_back({control ? Kind::control : Kind::text, std::string{character}});
}

void TerminalParser::end_string(std::vector<Token>& tokens)
{
    state_ = State::ground;
    for (std::string_view const names_window : {"0;", "1;", "2;"})
        if (string_.starts_with(names_window)) tokens.push_back({Kind::title, string_.substr(2)});
}

void TerminalParser::take(std::string_view character, std::vector<Token>& tokens)
{
    auto const c = character[0];
    if (c == '\x1b') {
        state_ = state_ == State::string ? State::string_escape : State::escape;
        sequence_ = "\x1b";
        too_long_ = false;
        return;
    }
    if (c == '\x18' || c == '\x1a') {
        state_ = State::ground;
        return;
    }
    switch (state_) {
    case State::ground:
        take_ground(character, tokens);
        return;
    case State::string:
        if (c == '\a')
            end_string(tokens);
        else if (string_.size() < title_bytes_max)
            string_ += character;
        return;
    case State::string_escape:
        if (c == '\\') {
            end_string(tokens);
            return;
        }
        state_ = State::escape;
        [[fallthrough]];
    case State::escape:
        sequence_ += character;
        if (sequence_.size() == 2 && c == '[') {
            state_ = State::csi;
        } else if (sequence_.size() == 2 && std::string_view{"]PX^_"}.find(c) != std::string_view::npos) {
            state_ = State::string;
            // What is not an OSC must not read like one.
            string_ = c == ']' ? "" : " ";
        } else if (byte_at(character, 0) < 0x20 || byte_at(character, 0) > 0x2F) {
            state_ = State::ground;
            tokens.push_back({Kind::escape, sequence_});
        } else if (sequence_.size() > sequence_bytes_max) {
            state_ = State::ground;
        }
        return;
    case State::csi:
        if (byte_at(character, 0) < 0x20) {
            // Terminals obey a control even inside a sequence.
            take_ground(character, tokens);
            return;
        }
        if (sequence_.size() < sequence_bytes_max)
            sequence_ += character;
        else
            too_long_ = true;
        if (byte_at(character, 0) < 0x40 || byte_at(character, 0) > 0x7E) return;
        state_ = State::ground;
        if (!too_long_) tokens.push_back({Kind::csi, sequence_});
        return;
    }
}

std::string TerminalFilter::feed(std::string_view bytes)
{
    std::string passed;
    for (auto const& token : parser_.feed(utf8_.feed(bytes)))
        if (may_pass(token)) passed += token.bytes;
    return passed;
}

std::string_view TerminalFilter::restore()
{
    return "\x1b[0m\x1b[?1049l\x1b[?25h\x1b[?7h\x1b(B\x0f\x1b[r\r\n";
}

std::string TerminalText::feed(std::string_view bytes)
{
    std::string lines;
    for (auto const& token : parser_.feed(utf8_.feed(bytes)))
        apply(token, lines);
    return lines;
}

std::string TerminalText::finish()
{
    std::string lines;
    for (auto const& token : parser_.feed(utf8_.finish()))
        apply(token, lines);
    if (!line_.empty()) end_line(lines);
    return lines;
}

void TerminalText::end_line(std::string& to)
{
    std::string text;
    for (auto const& character : line_)
        text += character;
    to += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
    line_.clear();
    column_ = 0;
}

void TerminalText::put(std::string const& character, std::string& to)
{
    if (column_ >= columns_max) end_line(to);
    if (line_.size() <= column_) line_.resize(column_ + 1, " ");
    line_[column_++] = character;
}

void TerminalText::apply(TerminalParser::Token const& token, std::string& to)
{
    switch (token.kind) {
    case TerminalParser::Kind::text:
        put(token.bytes, to);
        return;
    case TerminalParser::Kind::escape:
        return;
    case TerminalParser::Kind::csi:
        apply_csi(token.bytes, to);
        return;
    case TerminalParser::Kind::title:
        if (ends_ == Ends::rows && titles_.size() < titles_max) titles_.push_back(token.bytes);
        return;
    case TerminalParser::Kind::control:
        break;
    }
    switch (token.bytes[0]) {
    case '\n':
        end_line(to);
        return;
    case '\r':
        column_ = 0;
        return;
    case '\b':
        column_ -= column_ > 0 ? 1 : 0;
        return;
    case '\t':
        column_ = std::min((column_ / 8 + 1) * 8, columns_max);
        return;
    default:
        return;
    }
}

void TerminalText::apply_csi(std::string_view sequence, std::string& to)
{
    auto const parameters = sequence.substr(2, sequence.size() - 3);
    std::size_t value = 0;
    std::from_chars(parameters.data(), parameters.data() + parameters.size(), value);
    auto const count = std::clamp<std::size_t>(value, 1, columns_max);
    auto const width = line_.size();
    auto const from = line_.begin() + static_cast<std::ptrdiff_t>(std::min(column_, width));
    auto const until =
        line_.begin() + static_cast<std::ptrdiff_t>(std::min(column_ + count, width));
    switch (sequence.back()) {
    case 'C':
        column_ = std::min(column_ + count, columns_max);
        return;
    case 'D':
        column_ -= std::min(column_, count);
        return;
    case 'G':
        column_ = count - 1;
        return;
    case 'K':
        if (value == 0) line_.erase(from, line_.end());
        if (value == 1) std::fill(line_.begin(), from, " ");
        if (value == 2) line_.clear();
        return;
    case 'P':
        line_.erase(from, until);
        return;
    case 'X':
        std::fill(from, until, " ");
        return;
    case '@':
        if (width + count <= columns_max) line_.insert(from, count, " ");
        return;
    case 'A':
    case 'B':
    case 'E':
    case 'F':
    case 'H':
    case 'd':
    case 'f':
        if (ends_ == Ends::rows && !line_.empty()) end_line(to);
        return;
    default:
        return;
    }
}

} // namespace ecluse::recording
