#pragma once

#include "policies/config/config.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ecluse {

/// What stands right of the equals sign, as far as our keys use it.
using ConfigValue = std::
    variant<std::int64_t, bool, std::string, std::vector<std::int64_t>, std::vector<std::string>>;

struct ConfigAccess {
    /// Stores the value, or says in a few words what is expected.
    std::function<std::optional<std::string>(ConfigValue const&)> set;
    std::function<ConfigValue()> get;
};

/// One key: where it goes, and what it may be.
struct ConfigBinding {
    std::string name; // "ssh.idle_minutes"
    ConfigAccess value;
};

/// Every key of the product, bound to `config`, which must stay where it is.
[[nodiscard]] std::vector<ConfigBinding> bind_config(Config& config);
/// The value as a person reads it: "true", "15", "LANG, LC_*".
[[nodiscard]] std::string to_text(ConfigValue const& value);
/// The known word nearest to a mistyped one.
[[nodiscard]] std::string_view
closest(std::string_view word, std::vector<std::string_view> const& known);

} // namespace ecluse
