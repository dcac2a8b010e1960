#include "policies/policyd/clock.h"

#include "common/log.h"
#include "policies/store/database.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace ecluse::policyd {
namespace {

constexpr auto meta_name = "clock_latest_ms";
/// How much of what the clock has shown a kill may forget.
constexpr auto save_period = 60s;

/// What a jump of the wall clock changes, and the passing of time does not.
std::chrono::milliseconds offset_between(UtcMillis wall, Deadline steady)
{
    return wall.time_since_epoch() -
           std::chrono::duration_cast<std::chrono::milliseconds>(steady.time_since_epoch());
}

} // namespace

void Clock::resume()
{
    auto const row =
        database_.row("SELECT value FROM meta WHERE name = $1", {std::string{meta_name}});
    latest_ = utc_now();
    if (row && *row) {
        // Written by ourselves; anything else counts as never seen.
        auto const seen = std::strtoll((*row)->text("value").c_str(), nullptr, 10);
        latest_ = std::max(latest_, UtcMillis{std::chrono::milliseconds{seen}});
    }
    latest_at_ = monotonic();
    // From the start, not from the first tick: a jump between the two would never be told.
    offset_ = offset_between(utc_now(), latest_at_);
    save();
}

UtcMillis Clock::utc_now() const
{
    return ecluse::utc_now();
}

UtcTime Clock::decision_now() const
{
    return to_seconds(decision_millis());
}

UtcMillis Clock::decision_millis() const
{
    auto const since =
        std::chrono::duration_cast<std::chrono::milliseconds>(monotonic() - latest_at_);
    return std::max(latest_ + since, utc_now());
}

Deadline Clock::monotonic() const
{
    return std::chrono::steady_clock::now();
}

Deadline Clock::deadline_of(UtcTime until) const
{
    return monotonic() + (until - decision_millis());
}

std::optional<std::chrono::milliseconds> Clock::tick()
{
    auto const wall = utc_now();
    auto const steady = monotonic();
    auto const offset = offset_between(wall, steady);
    auto const moved = offset_ ? offset - *offset_ : 0ms;
    offset_ = offset;
    bool const jumped = std::chrono::abs(moved) > jump_min;
    latest_ = decision_millis();
    latest_at_ = monotonic();
    if (jumped || steady - saved_at_ >= save_period) save();
    if (!jumped) return std::nullopt;
    return moved;
}

void Clock::acknowledge()
{
    latest_ = utc_now();
    latest_at_ = monotonic();
    save();
}

std::chrono::seconds Clock::ahead() const
{
    return std::chrono::duration_cast<std::chrono::seconds>(
        std::max(decision_millis() - utc_now(), 0ms)
    );
}

void Clock::save()
{
    saved_at_ = monotonic();
    auto const done = database_.run(
        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = "
        "excluded.value",
        {std::string{meta_name}, std::to_string(latest_.time_since_epoch().count())}
    );
    if (!done) log(LogLevel::error, "save the clock's state: " + done.error().what);
}

} // namespace ecluse::policyd
