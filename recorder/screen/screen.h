#pragma once

#include "recorder/screen/grid.h"
#include "recorder/screen/parser.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Follows what a page's emulator would show, so that a replay can begin in the middle
/// (docs/decisions/0028-snapshots-when-a-recording-is-opened.md). It obeys the rules of xterm.js,
/// faults included; where it does not know them, or they depend on what rolled out of sight, it
/// says that it is not sure.
namespace ecluse::screen {

struct Size {
    std::size_t columns;
    std::size_t rows;
    bool operator==(Size const&) const = default;
};
/// What the page gives its emulator of a size that somebody announced.
[[nodiscard]] Size bounded(std::size_t columns, std::size_t rows);

class Screen final : private Actions {
public:
    explicit Screen(Size size);

    /// Valid UTF-8, characters whole.
    void feed(std::string_view text) { parser_.feed(text, *this); }
    void resize(Size size);
    [[nodiscard]] Size size() const { return {active().columns(), active().height()}; }

    /// Everything that what follows depends on is known, and can be said in a snapshot.
    [[nodiscard]] bool is_sure() const;
    /// What a fresh terminal of this size must be given to show the same and go on the same. Only
    /// when sure.
    [[nodiscard]] std::string snapshot() const;

    /// The titles given to the window since the last call.
    [[nodiscard]] std::vector<std::string> take_titles() { return std::exchange(titles_, {}); }

    /// Compares everything that can be seen or has an effect.
    [[nodiscard]] bool shows_as(Screen const& other) const;

private:
    friend class SnapshotWriter;

    struct Modes {
        bool wraps = true;
        bool inserts = false;
        bool origin = false;
        bool cursor_hidden = false;
        bool wraps_back = false;
        bool synchronized = false;
        bool operator==(Modes const&) const = default;
    };
    /// Width of what was printed last; only a character that joins onto it, or its repetition,
    /// wants to know. None after anything else.
    using Preceding = std::optional<std::uint8_t>;

    void print(char32_t character) override;
    void control(char32_t code) override;
    void escape(std::string_view intermediates, char final) override;
    void sequence(Sequence const& sequence) override;
    void title(std::string_view words) override;
    void end_string() override { preceding_.reset(); }

    [[nodiscard]] Grid& active() { return alternate_ ? other_ : normal_; }
    [[nodiscard]] Grid const& active() const { return alternate_ ? other_ : normal_; }
    [[nodiscard]] Row& row() { return active().rows[y_]; }
    [[nodiscard]] Cell erased() const { return blank(pen_); }

    void put(char32_t character, std::uint8_t width);
    void join(char32_t mark);
    void wrap();
    [[nodiscard]] char32_t in_charset(char32_t character) const;
    void scroll();
    void line_feed();
    void index();
    void reverse_index();
    void back();
    void tab(int count, bool forward);
    void restrict_cursor(std::size_t extra = 0);
    void set_cursor(std::ptrdiff_t x, std::ptrdiff_t y);
    void move_cursor(std::ptrdiff_t x, std::ptrdiff_t y);
    void move_up(int count);
    void move_down(int count);
    void move(Sequence const& sequence);
    void edit(Sequence const& sequence);
    void erase_display(int what);
    void erase_line(int what);
    void set_margins(Sequence const& sequence);
    void set_mode(Sequence const& sequence, bool on);
    void set_private_mode(Sequence const& sequence, bool on);
    void repeat(int count);
    void save_cursor();
    void restore_cursor();
    void enter_alternate();
    void leave_alternate();
    void designate(std::size_t set, char charset);
    void align();
    void soft_reset();
    void full_reset();
    /// Until the next full reset: something happened that is not followed here.
    void doubt() { lost_ = true; }

    Parser parser_;
    Grid normal_;
    Grid other_;
    bool alternate_ = false;
    std::size_t x_ = 0; // may be the number of columns: the next character wraps
    std::size_t y_ = 0;
    Pen pen_;
    Modes modes_;
    std::array<char, 4> charsets_{'B', 'B', 'B', 'B'};
    std::size_t level_ = 0;
    char charset_ = 'B'; // in effect; restoring a cursor may set another than the level's
    int cursor_style_ = 0;
    Preceding preceding_;
    std::vector<std::string> titles_;

    bool lost_ = false;
    bool lost_for_good_ = false;
    /// Rows of the normal screen that must roll by before its content is known again, after a
    /// resize whose effect depends on lines out of sight; and whether the alternate screen is
    /// redrawn yet.
    std::size_t rows_unknown_ = 0;
    bool other_unknown_ = false;
};

} // namespace ecluse::screen
