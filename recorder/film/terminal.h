#pragma once

#include "common/result.h"
#include "recorder/encode/picture.h"
#include "recorder/film/letters.h"
#include "recorder/format/frame.h"

#include <memory>
#include <string_view>

namespace ecluse::film {

/// What a person at the terminal saw: libtsm follows the output, the cells become pixels. Answers
/// that the output asks of a terminal go nowhere.
class Terminal {
public:
    [[nodiscard]] static Result<Terminal> open(TerminalSize size);
    ~Terminal();
    Terminal(Terminal&&) noexcept;
    Terminal& operator=(Terminal&&) noexcept;

    void feed(std::string_view output);
    Result<> resize(TerminalSize size);
    /// Draws the cells that changed since the last call into the picture's upper left; what falls
    /// outside is left out.
    void draw(Letters& letters, encode::Picture& picture);

private:
    struct State;
    explicit Terminal(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace ecluse::film
