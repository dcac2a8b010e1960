#pragma once

#include "common/time.h"

#include <chrono>

/// Repeated failures slow a source down and never lock a person out (WEB:AA7): an attacker
/// elsewhere cannot keep somebody from working.
namespace ecluse {

/// What the store keeps for one key: (account, address), or an address alone.
struct Failures {
    unsigned count = 0;
    UtcTime last;
};

inline constexpr std::chrono::seconds account_delay_max{300};
inline constexpr std::chrono::seconds address_delay_max{3600};
/// A vendor's technicians share one address: so many failures, from all of them, cost nothing.
inline constexpr unsigned address_failures_free = 8;
/// After a quiet day the count starts anew; the caller deletes it, and counts from zero.
inline constexpr std::chrono::hours failures_forgotten_after{24};

/// 2, 4, 8 … 256 s, then 300 s from the ninth failure.
[[nodiscard]] std::chrono::seconds account_delay(unsigned failures);
/// After the free ones 2, 4, 8 … 2048 s, then an hour.
[[nodiscard]] std::chrono::seconds address_delay(unsigned failures);
[[nodiscard]] bool forgotten(Failures const& failures, UtcTime now);

/// How long until this account may be tried again from this address; zero is now. A clock that went
/// back never makes it longer than the delay itself.
[[nodiscard]] std::chrono::seconds
retry_after(Failures const& of_account_from_address, Failures const& of_address, UtcTime now);

} // namespace ecluse
