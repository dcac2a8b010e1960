#pragma once

#include "policies/config/config.h"
#include "policies/core/decide.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <vector>

/// What differs between the doors, SSH and RDP, for whoever serves both.
namespace ecluse {
class Fd;
}

namespace ecluse::policyd {

struct Context;

/// The functions granted, by their words; what this door has no use for is not named.
[[nodiscard]] boost::json::array function_array(Permissions const& permissions, Protocol protocol);
[[nodiscard]] Config::Door const& limits_of(Config const& config, Protocol protocol);
/// What a worker of this door is told first (docs/requests.md §3, §3bis).
[[nodiscard]] boost::json::object greeting(Config const& config, Protocol protocol);
/// What it proves its identity with to vendors: the SSH host keys, or certificate chain and key.
[[nodiscard]] Result<std::vector<Fd>> identity_files(Context& context, Protocol protocol);

} // namespace ecluse::policyd
