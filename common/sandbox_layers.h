#pragma once

#include "common/result.h"
#include "common/sandbox.h"

#include <optional>
#include <string>

/// The parts of confine(), one file each.
namespace ecluse::sandbox {

/// Success, or why this system cannot give the layer.
using Given = std::optional<std::string>;
inline Given const in_force = std::nullopt;

/// sandbox_files.cpp: Landlock.
[[nodiscard]] Result<Given> restrict_files(ProcessRole role, Folders const& folders);
/// sandbox_calls.cpp: seccomp.
Result<> restrict_calls(ProcessRole role);

} // namespace ecluse::sandbox
