#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

/// The cells of a screen, and what editing them does: as in xterm.js, a wide character that loses
/// one of its halves becomes blank.
namespace ecluse::screen {

/// How something is written. Colours: a mode in the upper byte, its number or RGB below.
struct Pen {
    enum : std::uint16_t {
        bold = 1,
        dim = 2,
        italic = 4,
        blink = 8,
        inverse = 16,
        invisible = 32,
        strike = 64,
        overline = 128,
    };
    static constexpr std::uint32_t default_colour = 0;
    static constexpr std::uint32_t basic = 1U << 24U;   // 16
    static constexpr std::uint32_t indexed = 2U << 24U; // 256
    static constexpr std::uint32_t rgb = 3U << 24U;

    std::uint32_t front = default_colour;
    std::uint32_t back = default_colour;
    std::uint32_t line = default_colour; // of the underline
    std::uint16_t looks = 0;
    std::uint8_t underline = 0; // single, double, curly, dotted, dashed

    bool operator==(Pen const&) const = default;
};

struct Cell {
    static constexpr std::size_t marks_max = 2;
    char32_t character = 0;                  // 0: nothing is there, which is not a space
    std::array<char32_t, marks_max> marks{}; // combining, onto the character
    std::uint8_t width = 1;                  // 0: the second half of the one before
    Pen pen;

    bool operator==(Cell const&) const = default;
};

/// Nothing, on this pen's ground.
[[nodiscard]] Cell blank(Pen const& pen);

struct Row {
    std::vector<Cell> cells;
    bool continues = false; // the row above, which was full

    bool operator==(Row const&) const = default;

    void erase(std::size_t from, std::size_t to, Cell const& with);
    void insert(std::size_t at, std::size_t count, Cell const& with);
    void remove(std::size_t at, std::size_t count, Cell const& with);
};

/// One of the two screens of a terminal.
struct Grid {
    Grid(std::size_t columns, std::size_t rows);

    [[nodiscard]] std::size_t columns() const { return rows[0].cells.size(); }
    [[nodiscard]] std::size_t height() const { return rows.size(); }
    void clear(Cell const& with);
    /// Rows `top` to `bottom` move up, or down, by `count`; what comes in is blank.
    void scroll_up(std::size_t top, std::size_t bottom, std::size_t count, Cell const& with);
    void scroll_down(std::size_t top, std::size_t bottom, std::size_t count, Cell const& with);

    std::vector<Row> rows;
    std::size_t top = 0;
    std::size_t bottom; // of the part that scrolls, both inclusive
    std::vector<bool> stops;

    struct Saved {
        std::size_t x = 0, y = 0;
        Pen pen;
        char charset = 'B';
        bool operator==(Saved const&) const = default;
    } saved;

    bool operator==(Grid const&) const = default;
};

} // namespace ecluse::screen
