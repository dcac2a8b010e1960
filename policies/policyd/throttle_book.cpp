#include "policies/policyd/throttle_book.h"

#include "policies/core/throttle.h"
#include "policies/store/database.h"

#include <algorithm>

namespace ecluse::policyd::throttle_book {
namespace {

Result<Failures>
failures_of(Database& database, std::string const& account, std::string const& address, UtcTime now)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT failures, last_failure_at FROM throttle WHERE account = $1 AND address = $2",
        {account, address}
    ));
    if (!row) return Failures{};
    Failures const found{
        static_cast<unsigned>(
            std::clamp(row->number("failures"), std::int64_t{0}, std::int64_t{1'000'000})
        ),
        UtcTime{std::chrono::seconds{row->number("last_failure_at")}}};
    if (forgotten(found, now)) return Failures{};
    return found;
}

Result<>
count(Database& database, std::string const& account, std::string const& address, UtcTime now)
{
    auto const before = ECLUSE_TRY(failures_of(database, account, address, now));
    ECLUSE_TRY(database.run(
        "INSERT INTO throttle (account, address, failures, last_failure_at) VALUES ($1, $2, $3, "
        "$4) "
        "ON CONFLICT (account, address) DO UPDATE SET failures = excluded.failures, "
        "last_failure_at = excluded.last_failure_at",
        {account, address, std::int64_t{before.count} + 1, now.time_since_epoch().count()}
    ));
    return {};
}

std::string cut(std::string const& login)
{
    return login.substr(0, login_bytes_max);
}

} // namespace

Result<std::chrono::seconds>
wait(Database& database, std::string const& login, std::string const& address, UtcTime now)
{
    // Nobody's name: there is only the address, which has its free failures.
    auto const account =
        login.empty() ? Failures{} : ECLUSE_TRY(failures_of(database, cut(login), address, now));
    auto const source = ECLUSE_TRY(failures_of(database, "", address, now));
    return retry_after(account, source, now);
}

Result<>
failed(Database& database, std::string const& login, std::string const& address, UtcTime now)
{
    auto const forget =
        std::chrono::duration_cast<std::chrono::seconds>(failures_forgotten_after).count();
    ECLUSE_TRY(database.run(
        "DELETE FROM throttle WHERE last_failure_at < $1", {now.time_since_epoch().count() - forget}
    ));
    auto const rows = ECLUSE_TRY(database.row("SELECT count(*) AS rows_now FROM throttle"));
    if (rows && rows->number("rows_now") >= rows_max)
        ECLUSE_TRY(database.run("DELETE FROM throttle WHERE last_failure_at <= (SELECT "
                                "min(last_failure_at) FROM throttle)"));
    // An empty login is the address alone, which is counted anyway.
    if (!login.empty()) ECLUSE_TRY(count(database, cut(login), address, now));
    return count(database, "", address, now);
}

Result<> succeeded(Database& database, std::string const& login, std::string const& address)
{
    ECLUSE_TRY(database.run(
        "DELETE FROM throttle WHERE account = $1 AND account <> '' AND address = $2",
        {cut(login), address}
    ));
    return {};
}

Result<> cleared(Database& database, std::string const& login, std::string const& address)
{
    ECLUSE_TRY(database.run(
        "DELETE FROM throttle WHERE account IN ($1, '') AND address = $2", {cut(login), address}
    ));
    return {};
}

} // namespace ecluse::policyd::throttle_book
