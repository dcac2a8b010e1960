#include "policies/policyd/login_person.h"

#include "policies/store/database.h"

namespace ecluse::policyd {
namespace {

Result<std::optional<LoginPerson>>
find_where(Database& database, std::string const& condition, std::string_view value)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, login, first_name, last_name, vendor, state, language, last_login_at, "
        "last_login_from, last_login_door, failures_since FROM person WHERE " +
            condition,
        {std::string{value}}
    ));
    if (!row) return std::optional<LoginPerson>{};
    LoginPerson person;
    person.id = row->text("id");
    person.login = row->text("login");
    person.name = row->text("first_name") + " " + row->text("last_name");
    person.vendor = row->optional_text("vendor").value_or("");
    person.state = row->text("state");
    person.language = parse_language(row->text("language")).value_or(Language::french);
    person.last_login_at = row->optional_number("last_login_at");
    person.last_login_from = row->optional_text("last_login_from").value_or("");
    person.last_login_door = row->optional_text("last_login_door").value_or("");
    person.failures_since = row->number("failures_since");
    return std::optional{std::move(person)};
}

} // namespace

Result<std::optional<LoginPerson>> find_login(Database& database, std::string_view login)
{
    return find_where(database, "login = $1", login);
}

Result<std::optional<LoginPerson>> find_login_of(Database& database, std::string_view person)
{
    return find_where(database, "id = $1", person);
}

Result<> write_login(
    Database& database,
    std::string const& person,
    std::string const& address,
    std::string const& door,
    UtcTime now
)
{
    ECLUSE_TRY(database.run(
        "UPDATE person SET last_login_at = $1, last_login_from = $2, last_login_door = $3, "
        "failures_since = 0 WHERE id = $4",
        {now.time_since_epoch().count(), address, door, person}
    ));
    return {};
}

Accepted to_accepted(LoginPerson const& person, std::string factors)
{
    return {
        .person = person.id,
        .login = person.login,
        .name = person.name,
        .vendor = person.vendor,
        .language = person.language,
        .factors = std::move(factors),
        .last_login_at = person.last_login_at,
        .last_login_from = person.last_login_from,
        .last_login_door = person.last_login_door,
        .failures_since = person.failures_since};
}

} // namespace ecluse::policyd
