#include "common/log.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

namespace ecluse {
namespace {

std::string& name()
{
    static std::string program = "ecluse";
    return program;
}

} // namespace

void set_log_name(std::string_view program)
{
    name() = program;
}

void log(LogLevel level, std::string_view message)
{
    // Read once: the environment does not change under a running daemon.
    static bool const verbose = [] {
        char const* const wanted = std::getenv("ECLUSE_LOG");
        return wanted && std::strcmp(wanted, "debug") == 0;
    }();
    if (level == LogLevel::debug && !verbose) return;
    auto const line =
        fmt::format("<{}>{}[{}]: {}\n", static_cast<int>(level), name(), ::getpid(), message);
    // One write per line keeps lines of several processes whole; a lost log line is accepted.
    [[maybe_unused]] auto const written = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace ecluse
