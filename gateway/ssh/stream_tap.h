#pragma once

#include "gateway/ssh/stream_hash.h"
#include "gateway/ssh/tap.h"

#include <cstdint>

namespace ecluse::ssh {

/// rsync, whose protocol carries differences rather than files: the whole stream of the direction
/// that the window grants is counted and hashed, under the name that the command gives.
class StreamTap final : public Tap {
public:
    StreamTap(TapRules const& rules, bool is_up) : rules_{rules}, is_up_{is_up} {}

    [[nodiscard]] Result up(std::string_view bytes, Deadline now) override;
    [[nodiscard]] Result down(std::string_view bytes, Deadline now) override;
    [[nodiscard]] std::vector<std::string> conclude(std::optional<int> exit) override;

private:
    void note(bool up, std::string_view bytes);

    TapRules rules_;
    bool is_up_;
    std::uint64_t bytes_ = 0;
    StreamHash hash_{};
};

} // namespace ecluse::ssh
