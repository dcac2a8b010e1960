#pragma once

#include "common/result.h"
#include "common/secret.h"

#include <cstdint>
#include <optional>
#include <string>

namespace ecluse::policyd {

struct Context;

/// The gateway's own secrets: the table `secret`, each sealed under its own name.
namespace gateway_secret {

struct Kept {
    Secret value;
    std::string public_half; // key line or certificates
    std::int64_t rotated_at = 0;
};
[[nodiscard]] Result<std::optional<Kept>> find(Context& context, std::string const& name);
/// Makes or replaces the row, inside the caller's journaled transaction.
Result<>
put(Context& context, std::string const& name, Secret const& value, std::string const& public_half);

} // namespace gateway_secret
} // namespace ecluse::policyd
