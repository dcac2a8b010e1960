#include "common/left_text.h"

namespace ecluse {

std::string left_text(std::int64_t left_ms)
{
    auto const minutes = left_ms / 60'000;
    if (minutes < 60) return std::to_string(minutes) + " min";
    auto const rest = std::to_string(minutes % 60);
    return std::to_string(minutes / 60) + " h " + (rest.size() < 2 ? "0" : "") + rest;
}

} // namespace ecluse
