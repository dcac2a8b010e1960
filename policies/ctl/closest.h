#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ecluse::ctl {

/// The known word that a mistyped one was meant to be, or "" when none is near.
[[nodiscard]] std::string
closest(std::string_view typed, std::vector<std::string_view> const& known);

} // namespace ecluse::ctl
