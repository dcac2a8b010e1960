#pragma once

#include <cstddef>

namespace ecluse {

/// One row per key, in the order of TextKey; generated.
struct TextRow {
    char const* key;
    char const* french;
    char const* english;
};

extern TextRow const text_table[];
extern std::size_t const text_count;

} // namespace ecluse
