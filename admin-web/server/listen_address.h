#pragma once

#include "common/fd.h"

#include <cstdint>
#include <string>

namespace ecluse::web {

[[nodiscard]] Result<Fd> listen_on(std::string const& address, std::uint16_t port);

struct Bound {
    std::string address;
    std::uint16_t port = 0;
    /// Nothing but loopback, RFC 1918, unique local or link-local: not a wildcard, not public.
    bool is_internal = false;
};
[[nodiscard]] Result<Bound> bound_of(int listener);

} // namespace ecluse::web
