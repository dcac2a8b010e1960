#pragma once

#include "common/result.h"

#include <optional>
#include <string>

namespace ecluse::policyd {

struct Context;

/// One refusal as the DSI finds it again by its reference, when somebody phones.
struct RefusalRecord {
    std::string code, door, address;
    std::optional<std::string> login = std::nullopt, person = std::nullopt, asset = std::nullopt,
                               window = std::nullopt;
    std::string detail = {};
    std::string type = "access.denied"; // of the journal
};

/// The row and its journal entry, together. Returns the reference, "R-7KQ3M5".
[[nodiscard]] Result<std::string> record_refusal(Context& context, RefusalRecord const& refusal);

} // namespace ecluse::policyd
