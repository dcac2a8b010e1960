#pragma once

#include "policies/store/database.h"
#include "policies/store/scope.h"

#include <boost/json/fwd.hpp>

namespace ecluse::store {

/// More time, asked for a window.
struct ExtensionRequest {
    std::string id, window, reason, asked_by, state; // asked | accepted | refused
    std::int64_t closes_at = 0, asked_at = 0;
};
[[nodiscard]] Result<std::optional<ExtensionRequest>>
find_extension_request(Database& database, std::string const& id);
/// The one that waits for this window.
[[nodiscard]] Result<std::optional<ExtensionRequest>>
waiting_extension(Database& database, std::string const& window);
Result<> insert_extension_request(Database& database, ExtensionRequest const& asked);
/// False when it was decided meanwhile.
[[nodiscard]] Result<bool> decide_extension(
    Database& database,
    std::string const& id,
    std::string const& state,
    std::string const& by,
    std::string const& reason,
    std::int64_t at
);
struct ExtensionFilter {
    std::optional<std::string> window, state, vendor;
    std::optional<std::string> after = std::nullopt; // a cursor
    std::optional<Scope> scope = std::nullopt;       // of a limited auditor
};
[[nodiscard]] Result<boost::json::object>
list_extension_requests(Database& database, ExtensionFilter const& filter);

/// A question of the DSI, and its answer.
struct Question {
    std::string id, window, question, asked_by;
    bool answered = false;
};
[[nodiscard]] Result<std::optional<Question>>
find_question(Database& database, std::string const& id);
Result<> insert_question(Database& database, Question const& question, std::int64_t at);
[[nodiscard]] Result<bool> answer_question(
    Database& database,
    std::string const& id,
    std::string const& answer,
    std::string const& by,
    std::int64_t at
);
[[nodiscard]] Result<boost::json::array>
questions_of(Database& database, std::string const& window);

} // namespace ecluse::store
