#pragma once

#include "common/result.h"

#include <catch2/catch_test_macros.hpp>

#include <utility>

namespace ecluse {

/// The value, or a failed test that prints why.
template <class T> T must(Result<T> result)
{
    if (!result) FAIL(result.error().what);
    return *std::move(result);
}

inline void must(Result<> result)
{
    if (!result) FAIL(result.error().what);
}

} // namespace ecluse

/// A failed CHECK(result) prints the error; without this, Catch would print the value, which need
/// not be printable.
template <class T> struct Catch::StringMaker<ecluse::Result<T>> {
    static std::string convert(ecluse::Result<T> const& result)
    {
        return result ? "success" : "error: " + result.error().what;
    }
};
