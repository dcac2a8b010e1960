#include "recorder/encode/session.h"

#include "common/json.h"
#include "common/log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

using namespace std::chrono_literals;

namespace ecluse::encode {
namespace {

/// What changed waits this long for its picture's fragment (longer only for its picture): with the
/// recorder's own 250 ms it is on disk well within a second, on a busy machine too.
constexpr auto fragment_period = 250ms;
constexpr auto click_shown = 400ms;
/// Above one of so many squares, a picture is large: a listing that rolls by, a window that opens.
/// Nobody reads eight of these in a second, and they are most of what a recording weighs: three
/// periods pass before the next.
constexpr std::size_t large_part = 4;
constexpr int large_periods = 3;
/// Between two turns; a longer time is a machine with too much to do.
constexpr auto pause_max = 250ms;
constexpr std::size_t read_bytes = 256UL * 1024;
constexpr std::chrono::milliseconds order_limit{10'000};
constexpr int frames_per_second_max = 30;
/// A click is a short object; anything longer is not looked into.
constexpr std::size_t click_bytes_max = 512;
constexpr std::size_t end_bytes_max = 4096;
constexpr std::size_t number_bytes = 8;
constexpr std::string_view broken_end = R"({"reason":"protocol_error"})";

std::uint64_t microseconds(Moment now)
{
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count()
    );
}

} // namespace

Result<Order> receive_order(PacketSocket const& control)
{
    auto packet = ECLUSE_TRY(control.receive(order_limit));
    if (!packet) return Error{Errc::unavailable, "no order"};
    auto const object = ECLUSE_TRY(parse_object(packet->json));
    Fields fields{object};
    Order order{};
    order.session = fields.text("session", 64);
    order.stall = std::chrono::milliseconds{fields.number("stall_ms", 100, 60'000)};
    order.frames_per_second =
        static_cast<int>(fields.number("frames_per_second", 1, frames_per_second_max));
    ECLUSE_TRY(fields.finish());
    if (packet->descriptors.size() != 2)
        return Error{Errc::malformed, "order: not two descriptors"};
    order.feed = std::move(packet->descriptors[0]);
    order.intake = std::move(packet->descriptors[1]);
    return order;
}

Session::Session(Order order, PacketSocket control)
    : feed_{std::move(order.feed)}, control_{std::move(control)}, name_{std::move(order.session)},
      stall_{order.stall},
      picture_period_{1000 / order.frames_per_second}, outlet_{std::move(order.intake)}
{
}

Result<> Session::run()
{
    while (stage_ != Stage::done)
        ECLUSE_TRY(turn());
    return {};
}

std::optional<Pointer> Session::pointer(Moment now) const
{
    if (!pointer_) return std::nullopt;
    return Pointer{pointer_->x, pointer_->y, now < click_until_};
}

bool Session::shows_something_new(Moment now) const
{
    auto const& picture = decoder_.picture();
    return picture.width() != 0 && (picture.changed().any() || pointer(now) != shown_pointer_);
}

int Session::wait_ms(Moment now) const
{
    auto wake = Moment::max();
    if (stage_ == Stage::running && shows_something_new(now)) wake = std::min(wake, next_picture_);
    // A click shown too long is something new: the next picture is without it.
    if (shown_pointer_ && shown_pointer_->clicked && now < click_until_)
        wake = std::min(wake, click_until_);
    if (video_.has_samples()) wake = std::min(wake, fragment_due_);
    if (outlet_.is_waiting()) wake = std::min(wake, now + stall_ - outlet_.oldest_wait(now));
    if (stage_ == Stage::ending) wake = std::min(wake, closing_due_);
    if (wake == Moment::max()) return -1;
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(wake - now);
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

Result<> Session::turn()
{
    auto now = std::chrono::steady_clock::now();
    bool const runs = stage_ == Stage::running;
    auto const wants = [](int fd, bool reads, bool writes) {
        auto const events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0);
        return pollfd{fd, static_cast<short>(events), 0};
    };
    std::array<pollfd, 3> watched{
        wants(feed_.get(), runs && !outlet_.is_full(), !answers_.empty()),
        wants(outlet_.fd(), true, outlet_.has_bytes()),
        // The worker says nothing more there: readable means that it is gone. What it has fed
        // still counts, so the feed is read to its own end.
        wants(runs ? control_.fd() : -1, false, false)};
    // Its end is told even when nothing is asked for: after the session only the intake matters.
    if (!runs && answers_.empty()) watched[0].fd = -1;
    auto const wait = wait_ms(now);
    if (::poll(watched.data(), watched.size(), wait) < 0 && errno != EINTR) return os_error("poll");
    now = std::chrono::steady_clock::now();
    forgive_pause(now, wait);

    if (runs && (watched[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !outlet_.is_full())
        ECLUSE_TRY(read_feed(now));
    if ((watched[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) ECLUSE_TRY(read_intake());
    if (stage_ == Stage::running) ECLUSE_TRY(show(now));
    if (video_.has_samples() && now >= fragment_due_) write_fragment(now);
    ECLUSE_TRY(outlet_.flush());
    acknowledge();
    if (stage_ != Stage::done && outlet_.oldest_wait(now) >= stall_) ECLUSE_TRY(judge_recorder());
    // Without an end there is nothing to wait for: closing is what the recorder must see.
    if (stage_ == Stage::ending && !end_written_ && !outlet_.has_bytes()) stage_ = Stage::done;
    // Everything is on disk. A recorder closes then; one that does not keeps nobody here.
    if (stage_ == Stage::ending && end_written_ && outlet_.on_disk() == outlet_.written() &&
        now >= closing_due_)
        stage_ = Stage::done;
    return {};
}

/// What it has answered counts, however late this process came to read it.
Result<> Session::judge_recorder()
{
    ECLUSE_TRY(read_intake());
    acknowledge();
    if (outlet_.oldest_wait(turned_) < stall_) return {};
    return Error{Errc::timed_out, "the recorder stalls"};
}

/// Long turns and a machine that did not let this process run are not the recorder's fault.
void Session::forgive_pause(Moment now, int waited_ms)
{
    auto const turn =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - std::exchange(turned_, now));
    auto const meant = std::chrono::milliseconds{std::max(waited_ms, 0)};
    if (waited_ms >= 0 && turn > meant + pause_max) outlet_.excuse(turn - meant);
}

Result<> Session::read_feed(Moment now)
{
    static std::array<char, read_bytes> buffer;
    auto const got = ::recv(feed_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (got <= 0) {
        log(LogLevel::warning, name_ + ": the worker is gone");
        return finish({}, now);
    }
    auto const taken = take_all({buffer.data(), static_cast<std::size_t>(got)}, now);
    if (taken) return {};
    log(LogLevel::error, name_ + ": " + taken.error().what);
    return finish(broken_end, now);
}

Result<> Session::take_all(std::string_view bytes, Moment now)
{
    for (auto const& frame : ECLUSE_TRY(frames_.feed(bytes)))
        ECLUSE_TRY(take(frame, now));
    return {};
}

Result<> Session::take(feed::FrameView const& frame, Moment now)
{
    auto const pass = [&](FrameKind kind) -> Result<> {
        if (frame.payload.size() > frame_payload_max)
            return Error{Errc::too_large, "feed: a frame that no recording takes"};
        acknowledgements_.passed(outlet_.add(kind, frame.mono_us, frame.payload));
        return {};
    };
    switch (frame.kind) {
    case feed::Kind::key:
        return pass(FrameKind::key);
    case feed::Kind::hidden_key:
        return pass(FrameKind::hidden_input);
    case feed::Kind::event:
        note_click(frame.payload, now);
        return pass(FrameKind::event);
    case feed::Kind::end:
        if (frame.payload.empty() || frame.payload.size() > end_bytes_max)
            return Error{Errc::malformed, "feed: an end without a reason"};
        return finish(frame.payload, now);
    case feed::Kind::pointer:
    case feed::Kind::desktop:
    case feed::Kind::bitmaps:
    case feed::Kind::surface:
    case feed::Kind::graphics_message:
        break;
    }
    ECLUSE_TRY(draw(frame));
    if (!changed_since_) changed_since_ = now;
    // The worker's clock is this machine's; what claims to come later happened by now.
    changed_mono_us_ = std::max(changed_mono_us_, std::min(frame.mono_us, microseconds(now)));
    acknowledgements_.waits_for_picture();
    return {};
}

Result<> Session::draw(feed::FrameView const& frame)
{
    if (frame.kind == feed::Kind::pointer) {
        pointer_ = ECLUSE_TRY(feed::parse_pointer(frame.payload));
        return {};
    }
    if (frame.kind == feed::Kind::desktop)
        return decoder_.resize(ECLUSE_TRY(feed::parse_desktop(frame.payload)));
    if (decoder_.picture().width() == 0)
        return Error{Errc::malformed, "feed: graphics before the desktop"};
    auto const drawn = [&] {
        if (frame.kind == feed::Kind::bitmaps) return decoder_.draw_bitmaps(frame.payload);
        if (frame.kind == feed::Kind::surface) return decoder_.draw_surface(frame.payload);
        return decoder_.draw_graphics_message(frame.payload);
    }();
    if (drawn) return {};
    log(LogLevel::warning, name_ + ": " + drawn.error().what);
    if (++refusals_ < refusals_max) return {};
    return Error{Errc::malformed, "decode: too much was refused"};
}

void Session::note_click(std::string_view payload, Moment now)
{
    if (payload.size() > click_bytes_max || payload.find("\"click\"") == std::string_view::npos)
        return;
    auto const object = parse_object(payload);
    if (!object) return;
    Fields fields{*object};
    auto const type = fields.text("type");
    auto const button = fields.text("button");
    auto const x = fields.number("x", 0, feed::desktop_edge_max);
    auto const y = fields.number("y", 0, feed::desktop_edge_max);
    if (!fields.finish() || type != "click") return;
    pointer_ = feed::PointerPlace{static_cast<std::uint16_t>(x), static_cast<std::uint16_t>(y)};
    // A wheel turns many times a second: the pointer is enough.
    if (!button.starts_with("wheel")) click_until_ = now + click_shown;
}

Result<> Session::show(Moment now)
{
    if (shows_something_new(now)) return now >= next_picture_ ? add_picture(now) : Result<>{};
    // What waits shows nothing new (a pointer that did not move): it is in the last picture.
    changed_since_.reset();
    acknowledgements_.pictured();
    if (!video_.has_samples()) acknowledgements_.written_as(outlet_.written());
    return {};
}

Result<> Session::add_picture(Moment now)
{
    auto const mono_us =
        changed_mono_us_ != 0 ? std::exchange(changed_mono_us_, 0) : microseconds(now);
    auto const due =
        std::max(now, std::exchange(changed_since_, {}).value_or(now) + fragment_period);
    fragment_due_ = video_.has_samples() ? std::min(fragment_due_, due) : due;
    if (!video_.has_samples()) fragment_mono_us_ = mono_us;
    auto const& changed = decoder_.picture().changed();
    bool const is_large = changed.count() * large_part > changed.tiles().size();
    shown_pointer_ = pointer(now);
    ECLUSE_TRY(video_.add(decoder_.picture(), shown_pointer_, mono_us / 1000));
    next_picture_ = now + (is_large ? large_periods : 1) * picture_period_;
    // It waited longer, and is worth a fragment of its own.
    if (is_large) fragment_due_ = now;
    acknowledgements_.pictured();
    return {};
}

void Session::write_fragment(Moment now)
{
    auto const bytes = video_.take_fragment(microseconds(now) / 1000);
    std::uint64_t frame = 0;
    for (std::size_t at = 0; at < bytes.size(); at += frame_payload_max)
        frame = outlet_.add(
            FrameKind::video,
            fragment_mono_us_,
            std::string_view{bytes}.substr(at, frame_payload_max)
        );
    acknowledgements_.written_as(frame);
}

Result<> Session::finish(std::string_view end, Moment now)
{
    stage_ = Stage::ending;
    closing_due_ = now + stall_;
    // Also when nothing changed: its time is the end of the video.
    if (decoder_.picture().width() != 0) {
        changed_mono_us_ = microseconds(now);
        ECLUSE_TRY(add_picture(now));
        write_fragment(now);
    }
    if (end.empty()) return {};
    acknowledgements_.passed(outlet_.add(FrameKind::end, microseconds(now), end));
    end_written_ = true;
    return {};
}

Result<> Session::read_intake()
{
    auto const answer = ECLUSE_TRY(outlet_.read());
    if (!answer.closed) return {};
    if (end_written_ && outlet_.on_disk() == outlet_.written()) {
        acknowledge();
        stage_ = Stage::done;
        return {};
    }
    return Error{Errc::unavailable, "the recorder is gone"};
}

void Session::acknowledge()
{
    auto const count = acknowledgements_.on_disk(outlet_.on_disk());
    if (count != told_) {
        told_ = count;
        // A worker that does not read is told the newest number only, after one that was cut.
        auto const cut = answers_.size() % number_bytes;
        answers_.resize(cut);
        for (std::size_t i = number_bytes; i-- > 0;)
            answers_.push_back(static_cast<char>(static_cast<unsigned char>(count >> (8 * i))));
    }
    if (answers_.empty()) return;
    auto const sent =
        ::send(feed_.get(), answers_.data(), answers_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) answers_.erase(0, static_cast<std::size_t>(sent));
    // A worker that is gone needs no answer; its end of file says so.
    if (sent < 0 && errno != EAGAIN && errno != EINTR) answers_.clear();
}

} // namespace ecluse::encode
