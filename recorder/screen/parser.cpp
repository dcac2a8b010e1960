#include "recorder/screen/parser.h"

#include "common/utf8.h"

#include <algorithm>

namespace ecluse::screen {
namespace {

constexpr std::size_t numbers_max = 32;
constexpr int number_max = 0x7fffffff;
constexpr std::size_t intermediates_max = 8;
constexpr std::size_t title_bytes_max = 512;
constexpr char32_t escape_code = 0x1b;

bool between(char32_t character, char32_t low, char32_t high)
{
    return character >= low && character <= high;
}

} // namespace

int Sequence::number(std::size_t at) const
{
    for (auto const& one : numbers)
        if (!one.attached && at-- == 0) return one.value;
    return 0;
}

std::size_t Sequence::alone() const
{
    return static_cast<std::size_t>(
        std::count_if(numbers.begin(), numbers.end(), [](auto const& one) { return !one.attached; })
    );
}

void Parser::feed(std::string_view text, Actions& actions)
{
    while (!text.empty()) {
        auto const first = static_cast<unsigned char>(text.front());
        if (first < 0x80) {
            take(first, text.substr(0, 1), actions);
            text.remove_prefix(1);
            continue;
        }
        auto const next = decode_utf8(text);
        auto const length = std::max<std::size_t>(next.length, 1);
        take(next.length == 0 ? U'\ufffd' : next.point, text.substr(0, length), actions);
        text.remove_prefix(length);
    }
}

void Parser::begin_csi()
{
    state_ = State::csi;
    sequence_.prefix = 0;
    sequence_.intermediates.clear();
    sequence_.numbers.assign(1, {0, false});
}

void Parser::begin_string(State state)
{
    state_ = state;
    string_.clear();
}

void Parser::leave_string(Actions& actions)
{
    bool const names_window =
        state_ == State::osc && (string_.starts_with("0;") || string_.starts_with("2;"));
    if (names_window) actions.title(std::string_view{string_}.substr(2));
    actions.end_string();
    state_ = State::ground;
}

/// What every state obeys; true when the character is done with.
bool Parser::take_anywhere(char32_t character, Actions& actions)
{
    bool const in_string = state_ == State::osc || state_ == State::other_string;
    if (character == 0x18 || character == 0x1a) {
        // Thrown away, but ended.
        string_.clear();
        if (in_string) leave_string(actions);
        state_ = State::ground;
        actions.control(character);
        return true;
    }
    if (character == escape_code) {
        if (in_string) leave_string(actions);
        state_ = State::escape;
        sequence_.intermediates.clear();
        return true;
    }
    if (!between(character, 0x80, 0x9f)) return false;
    if (in_string) leave_string(actions);
    state_ = State::ground;
    switch (character) {
    case 0x9b:
        begin_csi();
        break;
    case 0x9d:
        begin_string(State::osc);
        break;
    case 0x90:
    case 0x98:
    case 0x9e:
    case 0x9f:
        begin_string(State::other_string);
        break;
    case 0x9c:
        break;
    default:
        actions.control(character);
        break;
    }
    return true;
}

void Parser::take(char32_t character, std::string_view bytes, Actions& actions)
{
    if (take_anywhere(character, actions)) return;
    switch (state_) {
    case State::ground:
        if (character < 0x20)
            actions.control(character);
        else if (character != 0x7f)
            actions.print(character);
        return;
    case State::escape:
        take_escape(character, actions);
        return;
    case State::csi:
        take_csi(character, actions);
        return;
    case State::csi_ignored:
        if (character < 0x20)
            actions.control(character);
        else if (between(character, 0x40, 0x7e))
            state_ = State::ground;
        return;
    case State::osc:
        if (character == 0x07)
            leave_string(actions);
        else if (character >= 0x20 && string_.size() < title_bytes_max)
            string_ += bytes;
        return;
    case State::other_string:
        return;
    }
}

void Parser::take_escape(char32_t character, Actions& actions)
{
    auto& intermediates = sequence_.intermediates;
    if (character < 0x20) {
        actions.control(character);
    } else if (between(character, 0x20, 0x2f)) {
        if (intermediates.size() < intermediates_max) intermediates += static_cast<char>(character);
    } else if (character == 0x7f) {
        return;
    } else if (character > 0x7f) {
        state_ = State::ground;
    } else if (intermediates.empty() && character == '[') {
        begin_csi();
    } else if (intermediates.empty() && character == ']') {
        begin_string(State::osc);
    } else if (intermediates.empty() && std::u32string_view{U"PX^_"}.find(character) != std::u32string_view::npos) {
        begin_string(State::other_string);
    } else {
        state_ = State::ground;
        actions.escape(intermediates, static_cast<char>(character));
    }
}

void Parser::take_csi(char32_t character, Actions& actions)
{
    auto& [prefix, intermediates, final, numbers] = sequence_;
    bool const fresh = numbers.size() == 1 && numbers[0].value == 0 && !numbers[0].attached &&
                       intermediates.empty() && prefix == 0;
    if (character < 0x20) {
        actions.control(character);
    } else if (between(character, '0', '9')) {
        if (!intermediates.empty()) {
            state_ = State::csi_ignored;
            return;
        }
        auto& value = numbers.back().value;
        value = std::max(value, 0);
        value = static_cast<int>(std::min<std::int64_t>(
            std::int64_t{value} * 10 + static_cast<int>(character - '0'), number_max
        ));
    } else if (character == ';' || character == ':') {
        if (!intermediates.empty()) {
            state_ = State::csi_ignored;
            return;
        }
        // More than anybody sends: the rest is read and counts for nothing.
        if (numbers.size() >= numbers_max) numbers.pop_back();
        numbers.push_back({character == ':' ? -1 : 0, character == ':'});
    } else if (between(character, '<', '?')) {
        if (fresh)
            prefix = static_cast<char>(character);
        else
            state_ = State::csi_ignored;
    } else if (between(character, 0x20, 0x2f)) {
        if (intermediates.size() < intermediates_max) intermediates += static_cast<char>(character);
    } else if (between(character, 0x40, 0x7e)) {
        final = static_cast<char>(character);
        state_ = State::ground;
        actions.sequence(sequence_);
    } else if (character > 0x7f) {
        state_ = State::ground;
    }
}

} // namespace ecluse::screen
