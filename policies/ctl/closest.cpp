#include "policies/ctl/closest.h"

#include <algorithm>
#include <numeric>

namespace ecluse::ctl {
namespace {

/// Longer words are not typed by hand; comparing them would be work for nothing.
constexpr std::size_t compared_max = 64;

/// Insertions, removals and replacements from one word to the other.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            auto const replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row[b.size()];
}

} // namespace

std::string closest(std::string_view typed, std::vector<std::string_view> const& known)
{
    typed = typed.substr(0, compared_max);
    std::string_view best;
    auto best_distance = typed.size() / 2 + 1; // further away is another word
    for (auto const word : known) {
        auto const d = distance(typed, word);
        if (d < best_distance) {
            best_distance = d;
            best = word;
        }
    }
    return std::string{best};
}

} // namespace ecluse::ctl
