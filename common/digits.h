#pragma once

#include <cstddef>
#include <string_view>

/// Texts whose digits stand at fixed places, as instants do.
namespace ecluse {

/// True when `text` is like `shape`, where each 'd' stands for a digit and the rest for itself.
[[nodiscard]] inline bool has_shape(std::string_view text, std::string_view shape)
{
    if (text.size() != shape.size()) return false;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        bool const digit = text[i] >= '0' && text[i] <= '9';
        if (shape[i] == 'd' ? !digit : text[i] != shape[i]) return false;
    }
    return true;
}

/// The number that these digits write.
[[nodiscard]] inline int digits_at(std::string_view text, std::size_t at, std::size_t count)
{
    int value = 0;
    for (char const c : text.substr(at, count))
        value = value * 10 + (c - '0');
    return value;
}

} // namespace ecluse
