#pragma once

#include "common/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ecluse::listen {

struct Options {
    std::string policy_socket = "/run/ecluse/listen.sock";
    std::string door = "ssh";
    std::string address = "::";
    std::uint16_t port = 0;           // 0: any free one
    std::string worker;               // empty: ecluse-DOOR-worker beside this program
    std::vector<std::string> helpers; // what the worker starts in its turn
    std::string terminal;             // of the SSH door: what stands before a worker for a browser
    bool help = false;
};

[[nodiscard]] Result<Options> parse_options(int count, char const* const* words);

} // namespace ecluse::listen
