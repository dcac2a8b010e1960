#pragma once

#include "common/result.h"
#include "policies/policyd/role.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ecluse::policyd {

struct Context;

/// Tokens of automation (docs/decisions/0023): a supervision or an inventory acts for the token's
/// owner, with one of the owner's roles, from declared addresses, until a day.
namespace api_token {

/// What every token begins with, so that whoever finds one in a file knows what it is.
constexpr std::string_view prefix = "ecluse_";

struct Drawn {
    std::string secret; // shown once
    std::string sha256; // kept
};
[[nodiscard]] Drawn draw();

struct Presented {
    std::string_view secret;
    std::string door, address;
    std::string_view request; // what is asked with it, for the record of a refusal
};
/// Whom this token stands for at this moment. A refusal is recorded, and slows its address down: E-JET-01
/// to E-JET-06.
[[nodiscard]] Result<std::variant<Caller, Fault>>
judge(Context& context, Presented const& presented);

/// E-JET-07, E-JET-08: why no token, or not this one, may ask this, whatever its role.
[[nodiscard]] std::optional<Fault>
not_for_token(RequestRow const& row, std::string_view request, Caller const& caller);

} // namespace api_token
} // namespace ecluse::policyd
