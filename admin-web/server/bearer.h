#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The token that automation presents (docs/decisions/0023).
namespace ecluse::web {

/// Of an Authorization header: nothing when it is no "Bearer", which others may need on the way
/// here; empty when what follows does not look like a token of ours.
[[nodiscard]] std::optional<std::string> bearer_token(std::string_view header);

} // namespace ecluse::web
