#include "common/result.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <system_error>

namespace ecluse {

std::ostream& operator<<(std::ostream& out, Error const& error)
{
    return out << error.what;
}

void throw_exception_from_error(Error const& error, boost::source_location const&)
{
    std::fprintf(stderr, "ecluse: a failed Result was read: %s\n", error.what.c_str());
    std::abort();
}

Error os_error(std::string_view what)
{
    int const number = errno;
    auto const code = number == ENOENT ? Errc::not_found : Errc::io;
    return {code, std::string{what} + ": " + std::generic_category().message(number)};
}

void assertion_failed(char const* expression, char const* file, int line)
{
    std::fprintf(stderr, "ecluse: assertion failed: %s (%s:%d)\n", expression, file, line);
    std::abort();
}

} // namespace ecluse
