#include "common/utf8.h"
#include "recorder/screen/look.h"
#include "recorder/screen/screen.h"

/// A screen in the words of terminals: written to a fresh one, it is there again.
namespace ecluse::screen {

class SnapshotWriter {
public:
    explicit SnapshotWriter(Screen const& screen) : screen_{screen} {}

    std::string write() &&
    {
        write_grid(screen_.normal_);
        if (screen_.alternate_) {
            use(Pen{});
            text_ += "\x1b[?1047h";
            write_grid(screen_.other_);
        } else if (screen_.other_.saved != Grid::Saved{}) {
            text_ += "\x1b[?1047h";
            write_saved(screen_.other_.saved);
            text_ += "\x1b[?1047l";
        }
        write_place();
        write_modes();
        return std::move(text_);
    }

private:
    void use(Pen const& pen)
    {
        if (pen == pen_) return;
        text_ += look_of(pen);
        pen_ = pen;
    }
    void go(std::size_t x, std::size_t y)
    {
        text_ += "\x1b[" + std::to_string(y + 1) + ';' + std::to_string(x + 1) + 'H';
    }
    void write_cell(Cell const& cell)
    {
        use(cell.pen);
        append_utf8(text_, cell.character);
        for (auto const mark : cell.marks)
            if (mark != 0) append_utf8(text_, mark);
    }

    void write_grid(Grid const& grid)
    {
        bool flows = false; // the cursor waits to wrap into the row that comes
        for (std::size_t y = 0; y < grid.height(); ++y) {
            bool const wraps =
                flows && grid.rows[y].continues && grid.rows[y].cells[0].character != 0;
            flows = write_row(grid.rows[y], y, wraps);
        }
        use(Pen{});
        if (grid.top != 0 || grid.bottom + 1 != grid.height()) write_margins(grid);
        write_saved(grid.saved);
    }

    void write_saved(Grid::Saved const& saved)
    {
        if (saved == Grid::Saved{}) return;
        designate('(', saved.charset);
        use(saved.pen);
        go(saved.x, saved.y);
        text_ += "\x1b"
                 "7";
        designate('(', 'B');
        use(Pen{});
    }

    /// Whether its last column was written to last, so that the next row can flow on.
    bool write_row(Row const& row, std::size_t y, bool wraps)
    {
        auto const columns = row.cells.size();
        auto const elsewhere = columns + 1;
        auto at = wraps ? 0 : elsewhere; // where the terminal's cursor is
        for (std::size_t x = 0; x < row.cells.size();) {
            auto const& cell = row.cells[x];
            if (cell.character != 0) {
                if (at != x) go(x, y);
                write_cell(cell);
                x += cell.width;
                at = x;
                continue;
            }
            auto const first = x;
            while (x < row.cells.size() && row.cells[x] == cell)
                ++x;
            if (cell.pen == Pen{}) continue;
            use(cell.pen);
            go(first, y);
            text_ += "\x1b[" + std::to_string(x - first) + 'X';
            at = elsewhere;
        }
        return at == columns;
    }

    void write_margins(Grid const& grid)
    {
        text_ +=
            "\x1b[" + std::to_string(grid.top + 1) + ';' + std::to_string(grid.bottom + 1) + 'r';
    }
    void designate(char set, char charset)
    {
        if (set == '(' && charset == designated_) return;
        if (set == '(') designated_ = charset;
        text_ += '\x1b';
        text_ += set;
        text_ += charset;
    }

    void write_place()
    {
        auto const& grid = screen_.active();
        auto const columns = grid.columns();
        bool const waits = screen_.x_ == columns;
        auto const& last = grid.rows[screen_.y_].cells.back();
        auto const x = !waits ? screen_.x_ : columns - (last.width == 0 ? 2 : 1);
        auto y = screen_.y_;
        if (screen_.modes_.origin) {
            text_ += "\x1b[?6h";
            y -= grid.top;
        }
        go(x, y);
        if (waits) write_cell(grid.rows[screen_.y_].cells[x]);
    }

    void write_modes()
    {
        auto const& modes = screen_.modes_;
        if (!modes.wraps) text_ += "\x1b[?7l";
        if (modes.inserts) text_ += "\x1b[4h";
        if (modes.cursor_hidden) text_ += "\x1b[?25l";
        if (modes.wraps_back) text_ += "\x1b[?45h";
        if (screen_.cursor_style_ != 0)
            text_ += "\x1b[" + std::to_string(screen_.cursor_style_) + " q";
        constexpr std::string_view sets = "()*+";
        for (std::size_t i = 0; i < sets.size(); ++i)
            if (sets[i] == '(' || screen_.charsets_[i] != 'B')
                designate(sets[i], screen_.charsets_[i]);
        constexpr std::string_view levels[] = {"", "\x0e", "\x1bn", "\x1bo"};
        text_ += levels[screen_.level_];
        use(screen_.pen_);
    }

    Screen const& screen_;
    Pen pen_;
    char designated_ = 'B';
    std::string text_;
};

std::string Screen::snapshot() const
{
    return SnapshotWriter{*this}.write();
}

} // namespace ecluse::screen
