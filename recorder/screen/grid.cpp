#include "recorder/screen/grid.h"

#include <algorithm>

namespace ecluse::screen {
namespace {

constexpr std::size_t tab_width = 8;

auto place(std::size_t at)
{
    return static_cast<std::ptrdiff_t>(at);
}

std::vector<bool> usual_stops(std::size_t columns)
{
    std::vector<bool> stops(columns);
    for (std::size_t at = 0; at < columns; at += tab_width)
        stops[at] = true;
    return stops;
}

} // namespace

Cell blank(Pen const& pen)
{
    Cell cell;
    cell.pen.back = pen.back;
    return cell;
}

void Row::erase(std::size_t from, std::size_t to, Cell const& with)
{
    to = std::min(to, cells.size());
    if (from > 0 && from <= cells.size() && cells[from - 1].width == 2) cells[from - 1] = with;
    if (to < cells.size() && to > 0 && cells[to - 1].width == 2) cells[to] = with;
    for (auto at = from; at < to; ++at)
        cells[at] = with;
}

void Row::insert(std::size_t at, std::size_t count, Cell const& with)
{
    if (at > 0 && cells[at - 1].width == 2) cells[at - 1] = with;
    count = std::min(count, cells.size() - at);
    std::move_backward(cells.begin() + place(at), cells.end() - place(count), cells.end());
    std::fill_n(cells.begin() + place(at), count, with);
    if (cells.back().width == 2) cells.back() = with;
}

void Row::remove(std::size_t at, std::size_t count, Cell const& with)
{
    count = std::min(count, cells.size() - at);
    std::move(cells.begin() + place(at + count), cells.end(), cells.begin() + place(at));
    std::fill_n(cells.end() - place(count), count, with);
    if (at > 0 && cells[at - 1].width == 2) cells[at - 1] = with;
    if (cells[at].width == 0) cells[at] = with;
}

Grid::Grid(std::size_t columns, std::size_t height)
    : rows(height, Row{std::vector<Cell>(columns), false}), bottom{height - 1}, stops{usual_stops(
                                                                                    columns
                                                                                )}
{
}

void Grid::clear(Cell const& with)
{
    for (auto& row : rows) {
        std::fill(row.cells.begin(), row.cells.end(), with);
        row.continues = false;
    }
}

void Grid::scroll_up(std::size_t first, std::size_t last, std::size_t count, Cell const& with)
{
    auto const begin = rows.begin() + place(first);
    auto const end = rows.begin() + place(last + 1);
    count = std::min(count, last + 1 - first);
    std::rotate(begin, begin + place(count), end);
    for (auto row = end - place(count); row != end; ++row) {
        std::fill(row->cells.begin(), row->cells.end(), with);
        row->continues = false;
    }
}

void Grid::scroll_down(std::size_t first, std::size_t last, std::size_t count, Cell const& with)
{
    auto const begin = rows.begin() + place(first);
    auto const end = rows.begin() + place(last + 1);
    count = std::min(count, last + 1 - first);
    std::rotate(begin, end - place(count), end);
    for (auto row = begin; row != begin + place(count); ++row) {
        std::fill(row->cells.begin(), row->cells.end(), with);
        row->continues = false;
    }
}

} // namespace ecluse::screen
