#include "policies/core/throttle.h"

#include <algorithm>

namespace ecluse {

using namespace std::chrono;

namespace {

seconds doubling(unsigned failures, seconds most)
{
    // 2^12 is already beyond every ceiling here, and far from overflow.
    constexpr unsigned exponent_max = 12;
    if (failures == 0) return seconds{0};
    return std::min(seconds{1LL << std::min(failures, exponent_max)}, most);
}

seconds left(seconds delay, Failures const& failures, UtcTime now)
{
    if (forgotten(failures, now)) return seconds{0};
    return std::clamp(failures.last + delay - now, seconds{0}, delay);
}

} // namespace

seconds account_delay(unsigned failures)
{
    return doubling(failures, account_delay_max);
}

seconds address_delay(unsigned failures)
{
    return doubling(
        failures > address_failures_free ? failures - address_failures_free : 0, address_delay_max
    );
}

bool forgotten(Failures const& failures, UtcTime now)
{
    return failures.count == 0 || now - failures.last >= failures_forgotten_after;
}

seconds
retry_after(Failures const& of_account_from_address, Failures const& of_address, UtcTime now)
{
    auto const account = account_delay(of_account_from_address.count);
    auto const address = address_delay(of_address.count);
    return std::max(left(account, of_account_from_address, now), left(address, of_address, now));
}

} // namespace ecluse
