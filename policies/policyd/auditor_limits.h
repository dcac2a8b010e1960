#pragma once

#include "policies/policyd/reply.h"
#include "policies/store/scope.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ecluse::policyd {

struct Context;

/// What one grant names, each with its name.
constexpr std::size_t scope_objects_max = 100;
constexpr std::size_t scope_object_bytes_max = 216;

/// The limits that a role is granted with, "vendor:NAME" and "asset:NAME": an auditor's, and no
/// other role's (HDS:EXI-18). None: no limits.
[[nodiscard]] Result<std::variant<std::optional<store::Scope>, Fault>>
read_limits(Context& context, std::string_view role, std::vector<std::string> const& limits);

} // namespace ecluse::policyd
