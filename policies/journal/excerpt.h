#pragma once

#include "common/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ecluse {

/// The lines of these events (ascending) out of whole journals, each run with the link before it
/// and the first checkpoint after it: docs/formats/journal.md, §9. Journals are those of one
/// gateway, the one that is written and those set aside, in any order.
[[nodiscard]] Result<std::string> journal_excerpts(
    std::vector<std::string> const& log_paths, std::vector<std::int64_t> const& sequences
);

} // namespace ecluse
