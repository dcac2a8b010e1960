#pragma once

#include "gateway/ssh/byte_budget.h"
#include "gateway/ssh/stream_hash.h"
#include "gateway/ssh/tap.h"

#include <memory>

namespace ecluse::ssh {

/// A command without terminal: recorded in full within a budget; beyond it, counted and hashed when
/// the window grants file transfer in that direction, otherwise ended. Nothing interactive escapes
/// the record by avoiding a terminal.
class ExecTap final : public Tap {
public:
    ExecTap(TapRules const& rules, Deadline now);

    [[nodiscard]] Result up(std::string_view bytes, Deadline now) override;
    [[nodiscard]] Result down(std::string_view bytes, Deadline now) override;
    [[nodiscard]] std::vector<std::string> conclude(std::optional<int> exit) override;

private:
    struct Direction {
        bool up;
        bool bulk_allowed;
        ByteBudget budget;
        std::uint64_t bytes = 0;
        std::uint64_t recorded = 0;
        bool elided = false;
        StreamHash hash{};
    };
    [[nodiscard]] Result pass(Direction& direction, std::string_view bytes, Deadline now);

    unsigned channel_;
    Direction up_;
    Direction down_;
};

} // namespace ecluse::ssh
