#pragma once

#include "common/result.h"

#include <cstdint>
#include <string>

namespace ecluse::web {

struct Options {
    std::string door;                  // --door portal|console
    std::string root;                  // --root DIR, or ECLUSE_ROOT; empty: installed
    std::string address = "127.0.0.1"; // --address, --port: where no socket unit says it
    std::uint16_t port = 0;
    std::string pages;  // --pages DIR: the built pages; else beside the installation
    std::string socket; // policyd's, from root and door
    bool help = false;
};
[[nodiscard]] Result<Options> parse_options(int count, char const* const* words);

} // namespace ecluse::web
