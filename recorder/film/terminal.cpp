#include "recorder/film/terminal.h"

#include <algorithm>
#include <utility>
#include <vector>

extern "C" {
#include <libtsm.h>
}

namespace ecluse::film {
namespace {

struct Cell {
    std::uint32_t character = 0;
    unsigned cells = 0;
    Look look{};
    friend bool operator==(Cell const&, Cell const&) = default;
};

Look look_of(tsm_screen_attr const& attribute)
{
    Look look{
        {attribute.fr, attribute.fg, attribute.fb},
        {attribute.br, attribute.bg, attribute.bb},
        attribute.bold != 0,
        attribute.underline != 0};
    if (attribute.inverse != 0) std::swap(look.front, look.back);
    return look;
}

} // namespace

struct Terminal::State {
    tsm_screen* screen = nullptr;
    tsm_vte* vte = nullptr;
    unsigned columns = 0;
    std::vector<Cell> shown; // row by row
    // During one draw.
    Letters* letters = nullptr;
    encode::Picture* picture = nullptr;

    State() = default;
    State(State const&) = delete;
    State& operator=(State const&) = delete;
    ~State()
    {
        if (vte) ::tsm_vte_unref(vte);
        if (screen) ::tsm_screen_unref(screen);
    }

    Result<> resize(TerminalSize size)
    {
        if (::tsm_screen_resize(screen, size.columns, size.rows) != 0)
            return Error{Errc::unavailable, "terminal: no memory for its size"};
        columns = size.columns;
        shown.assign(std::size_t{size.columns} * size.rows, Cell{});
        return {};
    }

    void draw_cell(unsigned column, unsigned row, Cell const& cell)
    {
        auto const index = std::size_t{row} * columns + column;
        if (cell.cells == 0 || index >= shown.size() || shown[index] == cell) return;
        shown[index] = cell;
        auto const width = letters->width() * static_cast<int>(cell.cells);
        auto const left = static_cast<int>(column) * letters->width();
        auto const top = static_cast<int>(row) * letters->height();
        auto const* const pixels =
            letters->draw(cell.character, static_cast<int>(cell.cells), cell.look);
        picture->paint(
            pixels, width, letters->height(), {left, top, left + width, top + letters->height()}
        );
    }
};

Terminal::Terminal(std::unique_ptr<State> state) : state_{std::move(state)} {}
Terminal::~Terminal() = default;
Terminal::Terminal(Terminal&&) noexcept = default;
Terminal& Terminal::operator=(Terminal&&) noexcept = default;

Result<Terminal> Terminal::open(TerminalSize size)
{
    auto state = std::make_unique<State>();
    auto const unanswered = [](tsm_vte*, char const*, std::size_t, void*) {};
    if (::tsm_screen_new(&state->screen, nullptr, nullptr) != 0 ||
        ::tsm_vte_new(&state->vte, state->screen, unanswered, nullptr, nullptr, nullptr) != 0)
        return Error{Errc::unavailable, "terminal: no memory"};
    // What rolled out of sight was seen when it was in sight.
    ::tsm_screen_set_max_sb(state->screen, 0);
    ECLUSE_TRY(state->resize(size));
    return Terminal{std::move(state)};
}

void Terminal::feed(std::string_view output)
{
    ::tsm_vte_input(state_->vte, output.data(), output.size());
}

Result<> Terminal::resize(TerminalSize size)
{
    return state_->resize(size);
}

void Terminal::draw(Letters& letters, encode::Picture& picture)
{
    state_->letters = &letters;
    state_->picture = &picture;
    auto const draw_one = [](tsm_screen*,
                             std::uint64_t,
                             std::uint32_t const* characters,
                             std::size_t length,
                             unsigned width,
                             unsigned column,
                             unsigned row,
                             tsm_screen_attr const* attribute,
                             tsm_age_t,
                             void* state) {
        static_cast<State*>(state)->draw_cell(
            column, row, {length > 0 ? characters[0] : ' ', width, look_of(*attribute)}
        );
        return 0;
    };
    ::tsm_screen_draw(state_->screen, draw_one, state_.get());
}

} // namespace ecluse::film
