#pragma once

#include "common/fd.h"
#include "common/packet.h"
#include "common/result.h"
#include "recorder/encode/acknowledgements.h"
#include "recorder/encode/decoder.h"
#include "recorder/encode/outlet.h"
#include "recorder/encode/video.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace ecluse::encode {

/// What the first packet on the control socket said (docs/requests.md §3bis, "The feed").
struct Order {
    std::string session;
    std::chrono::milliseconds stall;
    int frames_per_second;
    Fd feed;
    Fd intake;
};
[[nodiscard]] Result<Order> receive_order(PacketSocket const& control);

/// One session: reads the feed, shows what it sees, writes the intake, acknowledges. One thread,
/// which sleeps while nothing happens.
class Session {
public:
    /// A codec may refuse now and then, what comes after may be good; a target that is refused this
    /// often shows nothing that could be recorded.
    static constexpr int refusals_max = 32;

    Session(Order order, PacketSocket control);
    /// Until the end of the session. An error: it ended otherwise than by the feed's own end.
    Result<> run();

private:
    enum class Stage { running, ending, done };

    Result<> turn();
    [[nodiscard]] int wait_ms(Moment now) const;
    Result<> read_feed(Moment now);
    Result<> take_all(std::string_view bytes, Moment now);
    Result<> take(feed::FrameView const& frame, Moment now);
    Result<> draw(feed::FrameView const& frame);
    void note_click(std::string_view payload, Moment now);
    /// A picture, when something changed and its time has come.
    Result<> show(Moment now);
    Result<> add_picture(Moment now);
    void write_fragment(Moment now);
    /// The last picture, the last fragment, and the end when there is one to write.
    Result<> finish(std::string_view end, Moment now);
    Result<> read_intake();
    Result<> judge_recorder();
    void forgive_pause(Moment now, int waited_ms);
    void acknowledge();
    [[nodiscard]] std::optional<Pointer> pointer(Moment now) const;
    [[nodiscard]] bool shows_something_new(Moment now) const;

    Fd feed_;
    PacketSocket control_;
    std::string name_;
    std::chrono::milliseconds stall_;
    std::chrono::milliseconds picture_period_;
    Outlet outlet_;
    feed::Decoder frames_;
    Decoder decoder_;
    Video video_;
    Acknowledgements acknowledgements_;

    Stage stage_ = Stage::running;
    bool end_written_ = false;
    std::optional<feed::PointerPlace> pointer_;
    std::optional<Pointer> shown_pointer_;
    Moment turned_ = std::chrono::steady_clock::now();
    /// When an intake that nobody closes is left.
    Moment closing_due_{};
    Moment click_until_{};
    Moment next_picture_{};
    Moment fragment_due_{};
    std::optional<Moment> changed_since_; // the oldest change that is in no picture
    /// When what waits to be shown happened; 0: only time has passed.
    std::uint64_t changed_mono_us_ = 0;
    std::uint64_t fragment_mono_us_ = 0;
    int refusals_ = 0;
    std::uint64_t told_ = 0;
    /// Numbers for the worker that its socket did not take yet.
    std::string answers_;
};

} // namespace ecluse::encode
