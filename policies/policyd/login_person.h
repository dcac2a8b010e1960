#pragma once

#include "common/result.h"
#include "common/text.h"
#include "policies/policyd/authentication.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse {
class Database;
}

namespace ecluse::policyd {

/// Whoever logs in, as the tables know him.
struct LoginPerson {
    std::string id, login, name, vendor, state;
    Language language = Language::french;
    std::optional<std::int64_t> last_login_at;
    std::string last_login_from, last_login_door;
    std::int64_t failures_since = 0;
};
[[nodiscard]] Result<std::optional<LoginPerson>>
find_login(Database& database, std::string_view login);
[[nodiscard]] Result<std::optional<LoginPerson>>
find_login_of(Database& database, std::string_view person);

/// What the person reads next time as "last connection".
Result<> write_login(
    Database& database,
    std::string const& person,
    std::string const& address,
    std::string const& door,
    UtcTime now
);
[[nodiscard]] Accepted to_accepted(LoginPerson const& person, std::string factors);

} // namespace ecluse::policyd
