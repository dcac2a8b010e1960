#pragma once

#include <boost/system/result.hpp>

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace ecluse {

/// What kind of failure crossed a function boundary. A refusal is not one of these: it is an
/// answer.
enum class Errc { malformed, too_large, io, timed_out, corrupt, not_found, refused, unavailable };

/// `what` reads outermost first and has no full stop: "read header: short file".
struct Error {
    Errc code;
    std::string what;

    /// The same failure seen from one level up: "open recording: read header: short file".
    [[nodiscard]] Error within(std::string_view context) const
    {
        return {code, std::string{context} + ": " + what};
    }
};

/// So that a failed check prints why.
std::ostream& operator<<(std::ostream& out, Error const& error);

/// Required by boost::system::result; `.value()` is not used in production code.
[[noreturn]] void throw_exception_from_error(Error const& error, boost::source_location const&);

template <class T = void> class [[nodiscard]] Result : public boost::system::result<T, Error> {
    using Base = boost::system::result<T, Error>;

public:
    using Base::Base;
};

/// `errno` as an Error: "bind: Address already in use".
[[nodiscard]] Error os_error(std::string_view what);

/// Ends the process with a message, in release builds too: a bug is not an error.
[[noreturn]] void assertion_failed(char const* expression, char const* file, int line);

} // namespace ecluse

#define ECLUSE_JOIN_AGAIN(left, right) left##right
#define ECLUSE_JOIN(left, right) ECLUSE_JOIN_AGAIN(left, right)
#define ECLUSE_TRY_AS(name, expression)                                                            \
    __extension__({                                                                                \
        auto name = (expression);                                                                  \
        if (!name) return std::move(name).error();                                                 \
        *std::move(name);                                                                          \
    })

/// The value of a Result, or return its Error to our caller. The counter lets a lambda inside the
/// expression try as well.
#define ECLUSE_TRY(expression) ECLUSE_TRY_AS(ECLUSE_JOIN(try_result_, __COUNTER__), expression)

#define ECLUSE_ASSERT(expression)                                                                  \
    (static_cast<bool>(expression) ? static_cast<void>(0)                                          \
                                   : ::ecluse::assertion_failed(#expression, __FILE__, __LINE__))
