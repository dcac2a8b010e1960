#pragma once

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstddef>
#include <string_view>
#include <thread>

namespace ecluse::test {

/// Until this is so, or a failed test: for what shows on no socket that a test could wait on (a
/// log, a list of processes, a row of the database).
template <typename Condition>
void eventually(Condition const& condition, std::chrono::seconds limit = std::chrono::seconds{60})
{
    auto const until = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        REQUIRE(std::chrono::steady_clock::now() < until);
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
}

/// How often a log says this.
[[nodiscard]] inline std::size_t times_said(std::string_view log, std::string_view line)
{
    std::size_t count = 0;
    for (auto at = log.find(line); at != std::string_view::npos; at = log.find(line, at + 1))
        ++count;
    return count;
}

} // namespace ecluse::test
