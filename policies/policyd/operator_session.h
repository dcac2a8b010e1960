#pragma once

#include "common/result.h"
#include "policies/policyd/role.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse::policyd {

struct Context;

/// Logins of people on the operator's socket: a random token, kept only as its hash, bound to the
/// uid that obtained it.
namespace operator_session {

constexpr std::chrono::minutes idle_max{15};
constexpr std::chrono::hours life_max{8};

/// The new token.
[[nodiscard]] Result<std::string> begin(Context& context, std::string_view person, unsigned uid);
/// Whoever this token stands for now; nobody when it is unknown, idle, over, another uid's, or when
/// its person is no longer active.
[[nodiscard]] Result<std::optional<Caller>>
find(Context& context, std::string_view token, unsigned uid);
Result<> end(Context& context, std::string_view token_sha256);
/// Every login of a person, at once: for suspension and changed factors.
Result<> end_all_of(Context& context, std::string_view person);

} // namespace operator_session
} // namespace ecluse::policyd
