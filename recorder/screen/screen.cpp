#include "recorder/screen/screen.h"

#include "common/utf8.h"
#include "recorder/screen/look.h"
#include "recorder/screen/widths.h"

#include <algorithm>

namespace ecluse::screen {
namespace {

constexpr Size size_min{2, 1};
constexpr Size size_max{500, 200};
constexpr std::size_t titles_max = 1000;
/// What of a resized screen depends on lines out of sight has rolled away after so many times its
/// height, wherever the cursor was.
constexpr std::size_t heights_until_known = 3;

/// DEC's line drawing, for ` to ~.
constexpr std::u32string_view drawing = U"◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";

/// Repeated more often than that, a page's emulator would be busy for hours: there it is made to
/// obey nothing (admin-web/ui/src/replay/terminal.ts), and so here.
constexpr int count_max = 10'000;

std::ptrdiff_t far(int count)
{
    // Beyond any screen; adding it up cannot overflow.
    return std::min(count, 100'000);
}

bool has_usual_stops(Grid const& grid)
{
    return grid.stops == Grid{grid.columns(), 1}.stops;
}

/// Half of a character, or nothing in more than a colour, comes from no sequence.
bool can_be_said(Row const& row)
{
    for (std::size_t x = 0; x < row.cells.size(); ++x) {
        auto const& cell = row.cells[x];
        if (cell.width == 0 && (x == 0 || row.cells[x - 1].width != 2)) return false;
        if (cell.width == 2 && (x + 1 == row.cells.size() || row.cells[x + 1].width != 0))
            return false;
        if (cell.character == 0 && cell.width == 1 && cell != blank(cell.pen)) return false;
    }
    return true;
}

bool can_be_said(Grid const& grid)
{
    return std::all_of(grid.rows.begin(), grid.rows.end(), [](Row const& row) {
        return can_be_said(row);
    });
}

/// But for how lines flow into each other, which only a later size shows.
bool looks_as(Grid const& one, Grid const& other)
{
    auto const same = [](Row const& a, Row const& b) { return a.cells == b.cells; };
    return std::equal(
               one.rows.begin(), one.rows.end(), other.rows.begin(), other.rows.end(), same
           ) &&
           one.top == other.top && one.bottom == other.bottom && one.stops == other.stops &&
           one.saved == other.saved;
}

} // namespace

Size bounded(std::size_t columns, std::size_t rows)
{
    return {
        std::clamp(columns, size_min.columns, size_max.columns),
        std::clamp(rows, size_min.rows, size_max.rows)};
}

Screen::Screen(Size size) : normal_{size.columns, size.rows}, other_{size.columns, size.rows} {}

bool Screen::is_sure() const
{
    bool const known = !lost_ && !lost_for_good_ && rows_unknown_ == 0 && !other_unknown_;
    bool const at_rest = parser_.at_rest() && !preceding_ && !modes_.synchronized;
    bool const plain = charset_ == charsets_[level_] && has_usual_stops(normal_) &&
                       has_usual_stops(other_) &&
                       (!modes_.origin || (y_ >= active().top && y_ <= active().bottom));
    if (!known || !at_rest || !plain) return false;
    auto const& last = active().rows[y_].cells.back();
    // A wrap that waits after nothing cannot be said.
    if (x_ == size().columns && last.character == 0 && last.width != 0) return false;
    return can_be_said(normal_) && (!alternate_ || can_be_said(other_));
}

bool Screen::shows_as(Screen const& other) const
{
    return size() == other.size() && looks_as(normal_, other.normal_) &&
           alternate_ == other.alternate_ && (!alternate_ || looks_as(other_, other.other_)) &&
           other_.saved == other.other_.saved && x_ == other.x_ && y_ == other.y_ &&
           pen_ == other.pen_ && modes_ == other.modes_ && charsets_ == other.charsets_ &&
           level_ == other.level_ && charset_ == other.charset_ &&
           cursor_style_ == other.cursor_style_;
}

void Screen::resize(Size now)
{
    if (now == size()) return;
    auto const before = size();
    auto const fit = [&](Grid& grid) {
        // Rows go below the cursor first, then above it; columns at their end.
        auto height = before.rows;
        while (height > now.rows) {
            if (height > y_ + 1)
                grid.rows.pop_back();
            else
                grid.rows.erase(grid.rows.begin());
            --height;
        }
        grid.rows.resize(now.rows, Row{std::vector<Cell>(before.columns), false});
        for (auto& one : grid.rows)
            one.cells.resize(now.columns);
        grid.top = 0;
        grid.bottom = now.rows - 1;
        grid.saved.x = std::min(grid.saved.x, now.columns - 1);
        grid.saved.y = std::min(grid.saved.y, now.rows - 1);
        grid.stops = Grid{now.columns, 1}.stops;
    };
    fit(normal_);
    fit(other_);
    x_ = std::min(x_, now.columns - 1);
    y_ = std::min(y_, now.rows - 1);
    // Lines are wrapped anew, or come back from out of sight, as only the page's emulator knows.
    rows_unknown_ = now.rows * heights_until_known;
    other_unknown_ = alternate_;
}

// --- printing

char32_t Screen::in_charset(char32_t character) const
{
    if (charset_ == '0' && character >= '`' && character <= '~') return drawing[character - '`'];
    if (charset_ == 'A' && character == '#') return U'£';
    return character;
}

void Screen::print(char32_t character)
{
    character = in_charset(character);
    auto const width = width_of(character);
    if (width > 0) {
        put(character, width);
        preceding_ = width;
    } else if (preceding_) {
        join(character);
    } else {
        // A mark on nothing: takes a cell that has no width.
        doubt();
    }
}

void Screen::put(char32_t character, std::uint8_t width)
{
    auto const columns = size().columns;
    if (x_ > 0 && row().cells[x_ - 1].width == 2) {
        row().cells[x_ - 1] = {};
        row().cells[x_ - 1].pen = pen_;
    }
    if (x_ + width > columns) {
        if (modes_.wraps) {
            wrap();
        } else {
            x_ = columns - 1;
            if (width == 2) return;
        }
    }
    if (modes_.inserts) {
        Cell with;
        with.pen = pen_;
        row().insert(x_, width, with);
    }
    row().cells[x_++] = {character, {}, width, pen_};
    if (width == 2) row().cells[x_++] = {0, {}, 0, pen_};
    if (x_ < columns && row().cells[x_].width == 0) {
        row().cells[x_] = {};
        row().cells[x_].pen = pen_;
    }
}

void Screen::join(char32_t mark)
{
    if (x_ == 0) return doubt();
    auto& line = row().cells;
    auto& cell = line[x_ - 1].width != 0 || x_ < 2 ? line[x_ - 1] : line[x_ - 2];
    auto const free = std::find(cell.marks.begin(), cell.marks.end(), U'\0');
    if (free == cell.marks.end() || cell.character == 0) return doubt();
    *free = mark;
}

void Screen::wrap()
{
    auto& old = row();
    for (auto at = x_; at < old.cells.size(); ++at) {
        old.cells[at] = {};
        old.cells[at].pen = pen_;
    }
    x_ = 0;
    if (y_ == active().bottom)
        scroll();
    else if (y_ + 1 < size().rows)
        ++y_;
    row().continues = true;
}

void Screen::repeat(int count)
{
    if (!preceding_) return;
    auto const width = *preceding_;
    if (x_ < width) return doubt();
    auto const cell = row().cells[x_ - width];
    if (cell.character == 0) return doubt();
    for (int i = 0; i < count; ++i) {
        put(cell.character, width_of(cell.character));
        for (auto const mark : cell.marks)
            if (mark != 0) join(mark);
    }
}

// --- the cursor

void Screen::restrict_cursor(std::size_t extra)
{
    auto const& grid = active();
    x_ = std::min(x_, size().columns - 1 + extra);
    y_ = modes_.origin ? std::clamp(y_, grid.top, grid.bottom) : std::min(y_, size().rows - 1);
}

void Screen::set_cursor(std::ptrdiff_t x, std::ptrdiff_t y)
{
    if (modes_.origin) y += static_cast<std::ptrdiff_t>(active().top);
    x_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(x, 0));
    y_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(y, 0));
    restrict_cursor();
}

void Screen::move_cursor(std::ptrdiff_t x, std::ptrdiff_t y)
{
    restrict_cursor();
    set_cursor(static_cast<std::ptrdiff_t>(x_) + x, static_cast<std::ptrdiff_t>(y_) + y);
}

void Screen::move_up(int count)
{
    auto const top = active().top;
    auto const free = static_cast<std::ptrdiff_t>(y_ - std::min(y_, top));
    move_cursor(0, -(y_ >= top ? std::min(free, far(count)) : far(count)));
}

void Screen::move_down(int count)
{
    auto const bottom = active().bottom;
    auto const free = static_cast<std::ptrdiff_t>(bottom - std::min(bottom, y_));
    move_cursor(0, y_ <= bottom ? std::min(free, far(count)) : far(count));
}

void Screen::save_cursor()
{
    // It comes back on the screen: a wrap that waits does not.
    active().saved = {std::min(x_, size().columns - 1), y_, pen_, charset_};
}

void Screen::restore_cursor()
{
    auto const& saved = active().saved;
    x_ = saved.x;
    y_ = saved.y;
    // The page's emulator does not save an underline's manner and colour.
    if (saved.pen.underline > 1 || pen_.underline > 1 || saved.pen.line != pen_.line) doubt();
    pen_ = saved.pen;
    charset_ = saved.charset;
    restrict_cursor();
}

// --- controls

void Screen::scroll()
{
    auto& grid = active();
    grid.scroll_up(grid.top, grid.bottom, 1, erased());
    if (!alternate_ && rows_unknown_ > 0 && grid.top == 0 && grid.bottom + 1 == grid.height())
        --rows_unknown_;
}

void Screen::line_feed()
{
    auto& grid = active();
    if (y_ == grid.bottom)
        scroll();
    else if (y_ + 1 < grid.height())
        grid.rows[++y_].continues = false;
    if (x_ >= grid.columns()) --x_;
}

void Screen::index()
{
    restrict_cursor();
    if (y_ == active().bottom)
        scroll();
    else if (y_ + 1 < size().rows)
        ++y_;
    restrict_cursor();
}

void Screen::reverse_index()
{
    restrict_cursor();
    auto& grid = active();
    if (y_ == grid.top) {
        // Below the last of the part that scrolls, there it moves what is next.
        grid.scroll_down(grid.top, grid.bottom, 1, erased());
    } else {
        if (y_ > 0) --y_;
        restrict_cursor();
    }
}

void Screen::back()
{
    if (modes_.wraps_back) return doubt();
    restrict_cursor();
    if (x_ > 0) --x_;
}

void Screen::tab(int count, bool forward)
{
    auto const columns = size().columns;
    auto const& stops = active().stops;
    if (x_ >= columns) return;
    for (int i = 0; i < std::min(count, static_cast<int>(columns)); ++i) {
        if (forward) {
            for (++x_; x_ < columns && !stops[x_];)
                ++x_;
            x_ = std::min(x_, columns - 1);
        } else if (x_ > 0) {
            for (--x_; x_ > 0 && !stops[x_];)
                --x_;
        }
    }
}

void Screen::control(char32_t code)
{
    preceding_.reset();
    switch (code) {
    case '\n':
    case '\v':
    case '\f':
        return line_feed();
    case '\r':
        x_ = 0;
        return;
    case '\b':
        return back();
    case '\t':
        return tab(1, true);
    case 0x0e:
        level_ = 1;
        charset_ = charsets_[level_];
        return;
    case 0x0f:
        level_ = 0;
        charset_ = charsets_[level_];
        return;
    case 0x84:
        return index();
    case 0x85:
        x_ = 0;
        return index();
    case 0x88:
        if (x_ < size().columns) active().stops[x_] = true;
        return;
    default:
        return;
    }
}

void Screen::title(std::string_view words)
{
    if (titles_.size() < titles_max) titles_.emplace_back(words);
}

void Screen::designate(std::size_t set, char charset)
{
    if (charset != '0' && charset != 'A' && charset != 'B') {
        // National letters are not followed; what is none means the usual ones.
        if (std::string_view{"4C5RQKYE6ZH7="}.find(charset) != std::string_view::npos) doubt();
        charset = 'B';
    }
    charsets_[set] = charset;
    if (level_ == set) charset_ = charset;
}

void Screen::escape(std::string_view intermediates, char final)
{
    preceding_.reset();
    if (intermediates.size() == 1) {
        auto const set = std::string_view{"()*+"}.find(intermediates[0]);
        if (set != std::string_view::npos) return designate(set, final);
        if (intermediates[0] == '-' || intermediates[0] == '.' || intermediates[0] == '%')
            return doubt();
        if (intermediates[0] == '#' && final == '8') align();
        return;
    }
    if (!intermediates.empty()) return;
    switch (final) {
    case '7':
        return save_cursor();
    case '8':
        return restore_cursor();
    case 'D':
        return index();
    case 'E':
        x_ = 0;
        return index();
    case 'H':
        if (x_ < size().columns) active().stops[x_] = true;
        return;
    case 'M':
        return reverse_index();
    case 'c':
        return full_reset();
    case 'n':
    case '}':
        level_ = 2;
        break;
    case 'o':
    case '|':
        level_ = 3;
        break;
    case '~':
        level_ = 1;
        break;
    default:
        return;
    }
    charset_ = charsets_[level_];
}

// --- sequences

void Screen::sequence(Sequence const& sequence)
{
    if (!sequence.intermediates.empty()) {
        // Columns that move sideways, and characters that cannot be erased, are not followed.
        if (sequence.intermediates == "!" && sequence.final == 'p')
            soft_reset();
        else if (sequence.intermediates == " " && sequence.final == 'q')
            cursor_style_ = sequence.number(0);
        else if (std::string_view{"@Aq}~"}.find(sequence.final) != std::string_view::npos)
            doubt();
    } else if (sequence.prefix == '?') {
        if (sequence.final == 'h' || sequence.final == 'l')
            set_private_mode(sequence, sequence.final == 'h');
        else if (sequence.final == 'J')
            erase_display(sequence.number(0));
        else if (sequence.final == 'K')
            erase_line(sequence.number(0));
    } else if (sequence.prefix == 0) {
        bool const repeats =
            std::string_view{"ILMSTZb"}.find(sequence.final) != std::string_view::npos;
        if (repeats && sequence.count() > count_max) return preceding_.reset();
        if (std::string_view{"ABCDEFGHIZ`adef"}.find(sequence.final) != std::string_view::npos)
            move(sequence);
        else
            edit(sequence);
    }
    preceding_.reset();
}

void Screen::move(Sequence const& sequence)
{
    auto const x = static_cast<std::ptrdiff_t>(x_);
    auto const y = static_cast<std::ptrdiff_t>(y_);
    auto const count = sequence.count();
    switch (sequence.final) {
    case 'A':
        return move_up(count);
    case 'B':
        return move_down(count);
    case 'C':
    case 'a':
        return move_cursor(far(count), 0);
    case 'D':
        return move_cursor(-far(count), 0);
    case 'E':
        move_down(count);
        x_ = 0;
        return;
    case 'F':
        move_up(count);
        x_ = 0;
        return;
    case 'G':
    case '`':
        return set_cursor(far(count) - 1, y);
    case 'H':
    case 'f':
        return set_cursor(far(std::max(sequence.number(1), 1)) - 1, far(count) - 1);
    case 'I':
        return tab(count, true);
    case 'Z':
        return tab(count, false);
    case 'd':
        return set_cursor(x, far(count) - 1);
    case 'e':
        return move_cursor(0, far(count));
    default:
        return;
    }
}

void Screen::edit(Sequence const& sequence)
{
    auto& grid = active();
    auto const count = static_cast<std::size_t>(far(sequence.count()));
    bool const inside = y_ >= grid.top && y_ <= grid.bottom;
    switch (sequence.final) {
    case 'J':
        return erase_display(sequence.number(0));
    case 'K':
        return erase_line(sequence.number(0));
    case 'L':
    case 'M':
        restrict_cursor();
        if (!inside) return;
        if (sequence.final == 'L')
            grid.scroll_down(y_, grid.bottom, count, erased());
        else
            grid.scroll_up(y_, grid.bottom, count, erased());
        x_ = 0;
        return;
    case '@':
        restrict_cursor();
        return row().insert(x_, count, erased());
    case 'P':
        restrict_cursor();
        return row().remove(x_, count, erased());
    case 'X':
        restrict_cursor();
        return row().erase(x_, x_ + count, erased());
    case 'S':
        return grid.scroll_up(grid.top, grid.bottom, count, erased());
    case 'T':
        return grid.scroll_down(grid.top, grid.bottom, count, Cell{});
    case 'b':
        return repeat(sequence.count());
    case 'g':
        if (sequence.number(0) == 0 && x_ < grid.columns()) grid.stops[x_] = false;
        if (sequence.number(0) == 3) grid.stops.assign(grid.columns(), false);
        return;
    case 'h':
    case 'l':
        return set_mode(sequence, sequence.final == 'h');
    case 'm':
        return apply_look(pen_, sequence);
    case 'r':
        return set_margins(sequence);
    case 's':
        return save_cursor();
    case 'u':
        return restore_cursor();
    default:
        return;
    }
}

void Screen::erase_display(int what)
{
    restrict_cursor(1);
    auto& grid = active();
    auto const reset = [&](std::size_t from, std::size_t to) {
        for (auto at = from; at < to; ++at) {
            auto& one = grid.rows[at];
            std::fill(one.cells.begin(), one.cells.end(), erased());
            one.continues = false;
        }
    };
    bool const everything = what == 2 || (what == 0 && x_ == 0 && y_ == 0);
    if (what == 0) {
        row().erase(x_, grid.columns(), erased());
        if (x_ == 0) row().continues = false;
        reset(y_ + 1, grid.height());
    } else if (what == 1) {
        row().erase(0, x_ + 1, erased());
        row().continues = false;
        if (x_ + 1 >= grid.columns() && y_ + 1 < grid.height()) grid.rows[y_ + 1].continues = false;
        reset(0, y_);
    } else if (what == 2) {
        reset(0, grid.height());
    }
    if (everything && alternate_) other_unknown_ = false;
    if (everything && !alternate_) rows_unknown_ = 0;
}

void Screen::erase_line(int what)
{
    restrict_cursor(1);
    auto const columns = size().columns;
    if (what == 0) {
        row().erase(x_, columns, erased());
        if (x_ == 0) row().continues = false;
    } else if (what == 1) {
        row().erase(0, x_ + 1, erased());
    } else if (what == 2) {
        row().erase(0, columns, erased());
        row().continues = false;
    }
}

void Screen::set_margins(Sequence const& sequence)
{
    auto& grid = active();
    auto const height = static_cast<int>(grid.height());
    auto const top = sequence.count();
    auto bottom = sequence.number(1);
    if (sequence.alone() < 2 || bottom > height || bottom <= 0) bottom = height;
    if (bottom <= top) return;
    grid.top = static_cast<std::size_t>(top) - 1;
    grid.bottom = static_cast<std::size_t>(bottom) - 1;
    set_cursor(0, 0);
}

void Screen::set_mode(Sequence const& sequence, bool on)
{
    for (auto const& number : sequence.numbers) {
        if (number.attached) continue;
        if (number.value == 4) modes_.inserts = on;
        // Stays with the page's emulator through every reset.
        if (number.value == 20) lost_for_good_ = true;
    }
}

void Screen::set_private_mode(Sequence const& sequence, bool on)
{
    for (auto const& number : sequence.numbers) {
        if (number.attached) continue;
        switch (number.value) {
        case 2:
            if (!on) break;
            charsets_.fill('B');
            charset_ = 'B';
            break;
        case 6:
            modes_.origin = on;
            set_cursor(0, 0);
            break;
        case 7:
            modes_.wraps = on;
            break;
        case 25:
            modes_.cursor_hidden = !on;
            break;
        case 45:
            modes_.wraps_back = on;
            break;
        case 47:
        case 1047:
            on ? enter_alternate() : leave_alternate();
            break;
        case 1048:
            on ? save_cursor() : restore_cursor();
            break;
        case 1049:
            if (on) save_cursor();
            on ? enter_alternate() : leave_alternate();
            if (!on) restore_cursor();
            break;
        case 2026:
            modes_.synchronized = on;
            break;
        default:
            break;
        }
    }
}

void Screen::enter_alternate()
{
    if (alternate_) return;
    // It is made anew each time, its saved cursor excepted.
    auto const saved = other_.saved;
    other_ = Grid{size().columns, size().rows};
    other_.saved = saved;
    other_.clear(erased());
    alternate_ = true;
    other_unknown_ = false;
}

void Screen::leave_alternate()
{
    if (!alternate_) return;
    alternate_ = false;
    other_unknown_ = false;
}

void Screen::align()
{
    set_cursor(0, 0);
    auto& grid = active();
    Cell const letter{U'E', {}, 1, pen_};
    for (auto at = y_; at < grid.height(); ++at) {
        std::fill(grid.rows[at].cells.begin(), grid.rows[at].cells.end(), letter);
        grid.rows[at].continues = false;
    }
    set_cursor(0, 0);
}

void Screen::soft_reset()
{
    auto& grid = active();
    grid.top = 0;
    grid.bottom = grid.height() - 1;
    grid.saved = {};
    pen_ = {};
    modes_ = {};
    charsets_.fill('B');
    charset_ = 'B';
    level_ = 0;
    cursor_style_ = 0;
}

void Screen::full_reset()
{
    bool const lost_for_good = lost_for_good_;
    auto titles = std::exchange(titles_, {});
    *this = Screen{size()};
    titles_ = std::move(titles);
    lost_for_good_ = lost_for_good;
}

} // namespace ecluse::screen
