#include "policies/policyd/dropped.h"

#include "common/log.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/refusals.h"

namespace ecluse::policyd {

void Dropped::add(
    std::string const& door,
    std::string const& address,
    std::string const& reason,
    std::int64_t count
)
{
    auto const found = waiting_.find({door, address});
    if (found == waiting_.end() && waiting_.size() >= addresses_max) {
        others_[door] += count;
        return;
    }
    auto& counted = waiting_[{door, address}];
    counted.reason = reason;
    counted.count += count;
}

void Dropped::tick(Context& context)
{
    if (waiting_.empty() || context.clock.monotonic() - flushed_at_ < period) return;
    flush(context);
}

void Dropped::flush(Context& context)
{
    flushed_at_ = context.clock.monotonic();
    auto const waiting = std::exchange(waiting_, {});
    auto const others = std::exchange(others_, {});
    auto const tell =
        [&](std::string const& door, std::string const& address, std::string const& detail) {
            auto const done = record_refusal(
                context,
                {.code = "E-IP-01",
                 .door = door,
                 .address = address,
                 .detail = detail,
                 .type = "connection.dropped"}
            );
            if (!done) log(LogLevel::error, "journal a dropped connection: " + done.error().what);
        };
    for (auto const& [from, counted] : waiting)
        tell(from.first, from.second, counted.reason + " x" + std::to_string(counted.count));
    for (auto const& [door, count] : others)
        tell(door, "", "other addresses x" + std::to_string(count));
}

} // namespace ecluse::policyd
