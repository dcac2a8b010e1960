#pragma once

#include "common/result.h"
#include "common/time.h"

#include <chrono>
#include <string>

namespace ecluse {
class Database;
}

namespace ecluse::policyd {

/// Failures per (account as typed, address) and per address alone, in the database: a restart
/// forgives nobody.
namespace throttle_book {

/// Rows kept; beyond, the oldest go. An attacker with many addresses must not fill the disk.
constexpr std::int64_t rows_max = 100'000;
/// A login longer than this is counted cut.
constexpr std::size_t login_bytes_max = 64;

/// How long until the next try; zero is now.
[[nodiscard]] Result<std::chrono::seconds>
wait(Database& database, std::string const& login, std::string const& address, UtcTime now);
Result<>
failed(Database& database, std::string const& login, std::string const& address, UtcTime now);
/// Clears the account's count from this address; the address keeps its own.
Result<> succeeded(Database& database, std::string const& login, std::string const& address);
/// Forgets the failures of this login from this address, and those of the address, which would keep
/// the login waiting.
Result<> cleared(Database& database, std::string const& login, std::string const& address);

} // namespace throttle_book
} // namespace ecluse::policyd
