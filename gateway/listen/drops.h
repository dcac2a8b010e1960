#pragma once

#include "common/address.h"
#include "common/time.h"

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace ecluse::listen {

enum class DropReason { undeclared, source_cap, total_cap };
[[nodiscard]] std::string_view to_text(DropReason reason);

/// Refused connections, counted per address and told at most once per address and period, so that
/// a flood cannot fill the journal; the first of a period is told at once.
class Drops {
public:
    static constexpr std::chrono::seconds period{10};
    /// Addresses remembered at once; beyond it further ones are counted under one of them no
    /// longer, and only told as a number in the log.
    static constexpr std::size_t addresses_max = 1024;

    struct Report {
        SourceAddress address;
        DropReason reason;
        std::uint64_t count;
        UtcTime since;
    };

    void add(SourceAddress const& address, DropReason reason, Deadline now, UtcTime at);
    /// What is due now.
    [[nodiscard]] std::vector<Report> take_due(Deadline now);
    [[nodiscard]] Deadline next_due() const;
    /// Drops that found no room since the last call.
    [[nodiscard]] std::uint64_t take_forgotten() { return std::exchange(forgotten_, 0); }

private:
    struct Count {
        std::uint64_t count = 0;
        UtcTime since{};
        Deadline due{};
    };
    std::map<std::pair<SourceAddress, DropReason>, Count> counts_;
    std::uint64_t forgotten_ = 0;
};

} // namespace ecluse::listen
