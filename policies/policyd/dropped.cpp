#include "policies/policyd/dropped.h"

#include "common/log.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/refusals.h"

namespace ecluse::policyd {

void Dropped::add(std::string const& address, std::string const& reason, std::int64_t count)
{
    auto const found = waiting_.find(address);
    if (found == waiting_.end() && waiting_.size() >= addresses_max) {
        others_ += count;
        return;
    }
    auto& counted = waiting_[address];
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
    auto const others = std::exchange(others_, 0);
    auto const tell = [&](std::string const& address, std::string const& detail) {
        auto const done = record_refusal(
            context,
            {.code = "E-IP-01",
             .door = "ssh",
             .address = address,
             .detail = detail,
             .type = "connection.dropped"}
        );
        if (!done) log(LogLevel::error, "journal a dropped connection: " + done.error().what);
    };
    for (auto const& [address, counted] : waiting)
        tell(address, counted.reason + " x" + std::to_string(counted.count));
    if (others > 0) tell("", "other addresses x" + std::to_string(others));
}

} // namespace ecluse::policyd
