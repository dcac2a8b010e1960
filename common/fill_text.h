#pragma once

#include "common/text.h"

#include <string>
#include <utility>
#include <vector>

namespace ecluse {

/// `text` with holes that are known only at run time.
[[nodiscard]] std::string fill_text(
    Language language, TextKey key, std::vector<std::pair<std::string, std::string>> const& holes
);

} // namespace ecluse
