#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Terminal output taken apart for one who follows the screen, with the grammar of the page's
/// emulator (xterm.js, after DEC's own): what one of both obeys, the other obeys.
namespace ecluse::screen {

/// A control sequence: "CSI ? 25 h" has prefix '?' and final 'h'.
struct Sequence {
    struct Number {
        int value;
        bool attached; // to the one before, by a colon
    };
    char prefix = 0;
    std::string intermediates;
    char final = 0;
    std::vector<Number> numbers; // at least one; one not given is 0

    /// Those that stand alone; 0 beyond them.
    [[nodiscard]] int number(std::size_t at) const;
    [[nodiscard]] std::size_t alone() const;
    /// How often or how far: nothing and 0 are once.
    [[nodiscard]] int count() const { return numbers[0].value == 0 ? 1 : numbers[0].value; }
};

class Actions {
public:
    virtual ~Actions() = default;
    virtual void print(char32_t character) = 0;
    virtual void control(char32_t code) = 0;
    virtual void escape(std::string_view intermediates, char final) = 0;
    virtual void sequence(Sequence const& sequence) = 0;
    /// The words given to the window.
    virtual void title(std::string_view words) = 0;
    /// A string that a screen has no use for.
    virtual void end_string() = 0;
};

class Parser {
public:
    /// Valid UTF-8, characters whole.
    void feed(std::string_view text, Actions& actions);
    /// Nothing half read: what comes next is read as after a reset.
    [[nodiscard]] bool at_rest() const { return state_ == State::ground; }
    void reset() { state_ = State::ground; }

private:
    enum class State { ground, escape, csi, csi_ignored, osc, other_string };
    void take(char32_t character, std::string_view bytes, Actions& actions);
    bool take_anywhere(char32_t character, Actions& actions);
    void take_escape(char32_t character, Actions& actions);
    void take_csi(char32_t character, Actions& actions);
    void begin_csi();
    void begin_string(State state);
    void leave_string(Actions& actions);

    State state_ = State::ground;
    Sequence sequence_;
    std::string string_;
};

} // namespace ecluse::screen
