#pragma once

#include "common/result.h"
#include "policies/policyd/role.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ecluse::policyd {

struct Accepted;
struct Context;

/// Logins of people: a random token, kept only as its hash. One of eclusectl is bound to the uid
/// that obtained it, one of a browser to its door and address.
namespace operator_session {

/// eclusectl's; a browser's idleness is in the configuration.
constexpr std::chrono::minutes idle_max{15};
constexpr std::chrono::hours life_max{8};

struct Opening {
    std::string person;
    unsigned uid = 0;
    std::string door = "cli", address = "local";
    Accepted const* before = nullptr; // what this login is told about the one before
};
/// E-ROL-04, recorded: somebody of the hospital whose last role is over has nothing to look for
/// here (CLAUSIER:O-12.3.7).
[[nodiscard]] Result<std::optional<Fault>> without_role(
    Context& context, Accepted const& who, std::string const& door, std::string const& address
);
/// The new token. In a browser a person has one session: an older one ends, and is told why.
[[nodiscard]] Result<std::string> begin(Context& context, Opening const& opening);
/// Whoever this token stands for now; nobody when it is unknown, idle, over, another uid's, or when
/// its person is no longer active.
[[nodiscard]] Result<std::optional<Caller>>
find(Context& context, std::string_view token, unsigned uid);

/// A browser's session.
struct Browsing {
    Caller caller;
    std::string vendor; // id; empty: the hospital's
    std::int64_t life_left_s = 0;
    std::optional<std::int64_t> previous_at;
    std::string previous_from, previous_door;
    std::int64_t failures = 0;
};
/// Or why there is none: E-AUT-02 to E-AUT-06. `passive`: a page that reads its lists again by
/// itself does not keep its person logged in.
[[nodiscard]] Result<std::variant<Browsing, Fault>> find_browsing(
    Context& context,
    std::string_view token,
    std::string const& door,
    std::string const& address,
    bool passive
);
/// Whoever holds this login now, at whichever door; nobody when it is over.
[[nodiscard]] Result<std::optional<Caller>> holder(Context& context, std::string_view token_sha256);
/// Whether this login was not ended: idle it may be.
[[nodiscard]] Result<bool> stands(Context& context, std::string_view token_sha256);
Result<> end(Context& context, std::string_view token_sha256);
/// After an error of ours (WEB:DT8: a session that caused an internal error is closed).
Result<> end_for_fault(Context& context, std::string_view token_sha256);
/// Every login of a person, at once: for suspension and changed factors.
Result<> end_all_of(Context& context, std::string_view person);

} // namespace operator_session
} // namespace ecluse::policyd
