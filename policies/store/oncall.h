#pragma once

#include "policies/store/database.h"

#include <optional>
#include <string>
#include <vector>

/// The on-call rota (astreinte): who of the DSI answers an emergency, and when.
namespace ecluse::store {

struct OnCall {
    std::string id, person = {}, login = {}, name = {}, phone_sealed = {}, added_by;
    std::int64_t from_at = 0, until_at = 0, added_at = 0; // half-open
};
Result<> insert_oncall(Database& database, OnCall const& turn);
[[nodiscard]] Result<std::optional<OnCall>> find_oncall(Database& database, std::string const& id);
/// Whether this person already has a turn that touches [from, until).
[[nodiscard]] Result<bool>
has_oncall(Database& database, std::string const& person, std::int64_t from, std::int64_t until);
/// False when it was removed already.
[[nodiscard]] Result<bool>
remove_oncall(Database& database, std::string const& id, std::string const& by, std::int64_t at);
/// Turns that are not over, the first one first.
[[nodiscard]] Result<std::vector<OnCall>> oncall_from(Database& database, std::int64_t now);
/// Who answers now: an active person who still is of the DSI.
[[nodiscard]] Result<std::vector<OnCall>> oncall_at(Database& database, std::int64_t now);

} // namespace ecluse::store
