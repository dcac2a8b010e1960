#include "recorder/export/export.h"
#include "recorder/export/frames.h"
#include "recorder/export/terminal.h"

#include <algorithm>
#include <thread>

namespace ecluse::recording {
namespace {

constexpr double speed_min = 0.1;
constexpr double speed_max = 100.0;
/// How often a stop is asked for during a pause.
constexpr std::chrono::milliseconds stop_period{100};

} // namespace

WaitUntil steady_wait(std::function<bool()> stopped)
{
    return [stopped = std::move(stopped), start = std::chrono::steady_clock::now()](auto moment) {
        auto const deadline = start + moment;
        while (!stopped()) {
            auto const now = std::chrono::steady_clock::now();
            if (now >= deadline) return true;
            std::this_thread::sleep_until(std::min(deadline, now + stop_period));
        }
        return false;
    };
}

Result<> play(
    Recording const& recording,
    ContentKey const& key,
    PlayOptions const& options,
    Write const& write,
    WaitUntil const& wait
)
{
    if (!(options.speed >= speed_min && options.speed <= speed_max))
        return Error{Errc::malformed, "play: speed outside 0.1 to 100"};
    auto const plan = ECLUSE_TRY(outline(recording, key));
    Timeline timeline{plan.first_us};
    TerminalFilter filter;
    std::chrono::microseconds moment{0};
    std::uint64_t before = 0;
    auto const played = recording.for_each_frame(key, [&](FrameView const& frame) -> Result<bool> {
        if (frame.kind != FrameKind::output || frame.channel != plan.terminal) return true;
        auto const at = timeline.microseconds(frame);
        auto const pause = static_cast<double>(at - std::exchange(before, at)) / options.speed;
        moment += std::min<std::chrono::microseconds>(
            std::chrono::microseconds{static_cast<std::int64_t>(pause)}, options.idle_max
        );
        if (!wait(moment)) return false;
        auto const bytes = filter.feed(frame.payload);
        if (!bytes.empty()) ECLUSE_TRY(write(bytes));
        return true;
    });
    // Also after a failure: the viewer's terminal is left usable.
    ECLUSE_TRY(write(TerminalFilter::restore()));
    return played;
}

} // namespace ecluse::recording
