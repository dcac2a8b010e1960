#pragma once

#include "common/loop.h"
#include "common/time.h"
#include "recorder/daemon/audience.h"
#include "recorder/format/frame.h"
#include "recorder/format/writer.h"
#include "recorder/text/session_text.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse::recorder {

/// Plain frames that wait for the disk, over all sessions. Beyond it a session may hold only a
/// little, so that floods on many sessions at once cannot exhaust the memory.
struct PlainBudget {
    static constexpr std::size_t bytes_max = 48 * 1024 * 1024;
    static constexpr std::size_t share_min = 64 * 1024;
    std::size_t bytes = 0;
};

/// One recording in progress: reads its intake, makes batches, has them written in the pool one at
/// a time, acknowledges, and ends in a seal.
class LiveRecording : public std::enable_shared_from_this<LiveRecording> {
public:
    struct Hooks {
        /// The first failure, before the attempt to seal.
        std::function<void(std::string const& session, std::string const& why)> failed;
        /// The end, once: with a summary, or without when the seal could not be written.
        std::function<void(std::string const& session, std::optional<recording::SealSummary>)>
            ended;
    };

    LiveRecording(
        Loop& loop,
        PlainBudget& budget,
        std::unique_ptr<recording::RecordingWriter> writer,
        Fd intake,
        Hooks hooks
    );
    ~LiveRecording();
    LiveRecording(LiveRecording const&) = delete;
    LiveRecording& operator=(LiveRecording const&) = delete;

    void start();
    /// Called every `tick_period`: batches by age, heartbeats.
    void tick(Deadline now);
    /// Stops reading, writes what has arrived, seals.
    void end(std::string_view reason);
    /// A failure found outside (no space left): final, like one of our own.
    void fail(std::string const& why);

    /// Whether somebody more may watch: not once it ends.
    [[nodiscard]] bool may_watch();
    void watch(std::shared_ptr<Viewer> viewer);

    static constexpr std::chrono::milliseconds tick_period{50};

private:
    struct Batch {
        std::string frames;
        std::uint64_t count = 0;
    };

    void listen();
    void read();
    void rest();
    bool take(std::string_view bytes);
    void add(FrameView const& frame);
    void submit();
    void written(Result<> result, std::size_t bytes, std::uint64_t count);
    void acknowledge();
    void seal();
    void seal_now();
    void take_text(std::string frames);
    void read_text();
    void pause_or_resume();
    [[nodiscard]] std::size_t waiting_bytes() const;

    Loop& loop_;
    PlainBudget& budget_;
    std::unique_ptr<recording::RecordingWriter> writer_;
    Fd intake_;
    Hooks hooks_;
    Audience audience_;
    /// Frames on disk whose text is still to be read.
    static constexpr std::size_t text_backlog_max = std::size_t{1} << 20;
    recording::SessionText text_; // in the pool's text jobs and the seal's, which never overlap
    std::string untold_;
    bool reading_text_ = false;
    bool text_lost_ = false;
    bool seal_waits_ = false; // for the text job that runs
    Loop::Watch watch_;
    Loop::Watch rest_;
    FrameDecoder decoder_;
    std::deque<Batch> full_;
    Batch open_;
    std::size_t accounted_ = 0;
    Deadline open_since_{};
    Deadline heartbeat_due_{};
    std::uint64_t on_disk_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::string end_reason_;
    bool resting_ = false;
    bool writing_ = false;
    bool failed_ = false;
    bool sealing_ = false;
};

} // namespace ecluse::recorder
