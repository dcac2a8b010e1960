#pragma once

#include "policies/store/database.h"

#include <boost/json/fwd.hpp>

namespace ecluse::store {

struct Person {
    std::string id, login, first_name, last_name;
    std::optional<std::string> vendor, subcontractor;
    std::string state, language;
    bool identity_verified = false;
    std::vector<std::string> roles; // in date
};

/// By id or login.
[[nodiscard]] Result<std::optional<Person>>
find_person(Database& database, std::string const& id_or_login, std::int64_t now);
[[nodiscard]] Result<bool> any_person(Database& database);

struct NewPerson {
    std::string id, login, first_name, last_name;
    std::optional<std::string> vendor, subcontractor;
    std::string language, contact_sealed, created_by;
    std::int64_t created_at = 0;
};
Result<> insert_person(Database& database, NewPerson const& person);
Result<> set_person_state(
    Database& database,
    std::string const& id,
    std::string const& state,
    std::string const& reason,
    std::string const& by,
    std::int64_t at
);
Result<> set_identity_verified(
    Database& database,
    std::string const& id,
    std::string const& how,
    std::string const& by,
    std::int64_t at
);

Result<> grant_role(
    Database& database,
    std::string const& person,
    std::string const& role,
    std::optional<std::int64_t> valid_to,
    std::string const& by,
    std::int64_t at
);
/// Whoever is still logged in with a role that was in date when they came: (person, role).
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>>
expired_logins(Database& database, std::int64_t now);
/// How many rows went.
Result<std::int64_t>
revoke_role(Database& database, std::string const& person, std::string const& role);

struct Invitation {
    std::string person;
    std::int64_t expires_at = 0;
    bool used = false;
};
/// A new invitation replaces those that nobody used.
Result<> insert_invitation(
    Database& database,
    std::string const& token_sha256,
    std::string const& person,
    std::string const& by,
    std::int64_t at,
    std::int64_t expires_at
);
[[nodiscard]] Result<std::optional<Invitation>>
find_invitation(Database& database, std::string const& token_sha256);
Result<> use_invitation(Database& database, std::string const& token_sha256, std::int64_t at);

struct PersonFilter {
    std::optional<std::string> vendor, state;
    std::optional<std::string> after = std::nullopt; // a cursor
};
[[nodiscard]] Result<boost::json::object>
list_persons(Database& database, PersonFilter const& filter, std::int64_t now);
/// Everything about one person except contact data and secrets.
[[nodiscard]] Result<boost::json::object>
show_person(Database& database, std::string const& id, std::int64_t now);
[[nodiscard]] Result<std::optional<std::string>>
person_contact(Database& database, std::string const& id);

} // namespace ecluse::store
