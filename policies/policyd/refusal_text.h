#pragma once

#include "common/text.h"
#include "policies/core/decide.h"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>

namespace ecluse::policyd {

struct Context;
struct Known;

/// What the sentences of a refusal need beyond the decision.
struct RefusalWords {
    std::string address, company, asset, account;
};

/// The `refusal` object of docs/requests.md §3: code, reason, next opening, action, reference and
/// the complete frame, in the person's language. `reference` may be empty (nothing was recorded).
[[nodiscard]] boost::json::object refusal_object(
    Context& context,
    Denied const& denied,
    RefusalWords const& words,
    std::string const& reference,
    Language language
);
/// The same for a code that is not a decision: E-SYS-01, E-CIB-06.
[[nodiscard]] boost::json::object refusal_object(
    Context& context,
    std::string_view code,
    RefusalWords const& words,
    std::string const& reference,
    Language language
);

} // namespace ecluse::policyd
