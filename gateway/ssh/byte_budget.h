#pragma once

#include "common/time.h"

#include <algorithm>
#include <cstdint>

namespace ecluse::ssh {

/// How many bytes of a channel without terminal are still recorded in full: a budget that refills
/// as a person could read or type, so that nothing interactive ever runs out of it, and a bulk copy
/// soon does. Once spent it stays spent until a piece worth recording has come back: a bulk copy
/// would otherwise leave a few bytes of each packet in the record, and wake the recorder for them.
class ByteBudget {
public:
    /// More than a person reads or types in a second.
    static constexpr std::uint64_t refill_per_second = 64 * 1024;
    /// What must come back after a shortfall: a quarter of a second without bulk.
    static constexpr std::uint64_t regain_bytes = refill_per_second / 4;

    ByteBudget(std::uint64_t bytes, Deadline now) : most_{bytes}, left_{bytes}, at_{now} {}

    /// How many of `wanted` bytes are within the budget; they are taken from it.
    [[nodiscard]] std::uint64_t take(std::uint64_t wanted, Deadline now)
    {
        auto const passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - at_);
        auto const earned = static_cast<std::uint64_t>(std::max<std::int64_t>(passed.count(), 0)) *
                            refill_per_second / 1000;
        if (earned > 0) {
            left_ = earned > most_ - std::min(left_, most_) ? most_ : left_ + earned;
            at_ = now;
        }
        if (spent_ && left_ < std::min(regain_bytes, most_)) return 0;
        auto const taken = std::min(wanted, left_);
        left_ -= taken;
        spent_ = taken < wanted;
        return taken;
    }

private:
    std::uint64_t most_;
    std::uint64_t left_;
    Deadline at_;
    bool spent_ = false;
};

} // namespace ecluse::ssh
