#pragma once

#include "common/time.h"

#include <chrono>
#include <optional>

namespace ecluse {
class Database;
}

namespace ecluse::policyd {

/// The two clocks of the machine, and what the wall clock has shown so far. Rules never see a wall
/// clock that went back: from the latest instant seen, time goes on by the monotonic clock, so that
/// nothing that was over comes back and nothing that ends lasts longer. CLAUSIER:O-12.2.5.3.
class Clock {
public:
    explicit Clock(Database& database) : database_{database} {}
    /// Reads back the latest instant an earlier life has seen.
    void resume();

    /// As the machine shows it: for the journal and recordings.
    [[nodiscard]] UtcMillis utc_now() const;
    /// For every decision: never earlier than the latest instant seen.
    [[nodiscard]] UtcTime decision_now() const;
    [[nodiscard]] Deadline monotonic() const;
    /// When `until` will be, as decisions see it, on the monotonic clock.
    [[nodiscard]] Deadline deadline_of(UtcTime until) const;

    /// How far the wall clock moved against the monotonic one since the last tick, when that is
    /// more than `jump_min`.
    [[nodiscard]] std::optional<std::chrono::milliseconds> tick();
    static constexpr std::chrono::seconds jump_min{2};

    /// After a clock that ran ahead was put right and somebody took responsibility for it:
    /// decisions follow the machine's clock again. Journaled by the caller.
    void acknowledge();
    /// How far decisions are ahead of the machine's clock; about zero on a healthy machine.
    [[nodiscard]] std::chrono::seconds ahead() const;
    /// A machine further off than this cannot be believed at all: no new session until its clock is
    /// right again, or somebody acknowledged it.
    [[nodiscard]] bool trusted() const { return ahead() <= ahead_max; }
    static constexpr std::chrono::minutes ahead_max{10};

private:
    void save();

    Database& database_;
    [[nodiscard]] UtcMillis decision_millis() const;
    UtcMillis latest_{};
    Deadline latest_at_{};                            // when it was that
    std::optional<std::chrono::milliseconds> offset_; // wall minus monotonic at the last tick
    Deadline saved_at_{};
};

} // namespace ecluse::policyd
