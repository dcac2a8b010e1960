#include "recorder/daemon/live.h"

#include "common/json.h"
#include "common/log.h"
#include "common/secret.h"
#include "recorder/format/segment.h"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

using namespace std::chrono_literals;

namespace ecluse::recorder {
namespace {

/// Frames wait at most this long for companions: with the tick and the disk, well under 1 s.
constexpr auto batch_age = 200ms;
/// Under 10 s with room for a slow disk; spread, so that sessions begun together drift apart.
constexpr auto heartbeat_min = 7000ms;
constexpr auto heartbeat_spread = 1500ms;
constexpr std::size_t read_bytes = 64 * 1024;
/// Per wake-up, so that one flooding session leaves the others their turn.
constexpr int reads_per_turn = 4;
/// Somebody types: what comes in the next moments is read at once. In the meantime it waits in the
/// socket, which belongs to nobody who could take it back, and each key costs one wake-up less on
/// its way to the target. A stream reads more than this at a time and is never made to wait.
constexpr std::size_t trickle_bytes = 512;
constexpr auto trickle_rest = 5ms;
constexpr std::size_t end_payload_max = 4096;

/// One buffer for all intakes: the loop is one thread.
std::array<char, read_bytes>& read_buffer()
{
    static std::array<char, read_bytes> buffer;
    return buffer;
}

std::string reason_in(std::string_view payload)
{
    if (payload.size() > end_payload_max) return "protocol_error";
    auto const object = parse_object(payload);
    if (!object) return "protocol_error";
    Fields fields{*object};
    auto reason = fields.text("reason", 40);
    return fields.finish() && recording::is_end_reason(reason) ? reason : "protocol_error";
}

Deadline next_heartbeat(Deadline now, std::string_view session)
{
    auto const spread =
        std::hash<std::string_view>{}(session) % static_cast<std::size_t>(heartbeat_spread.count());
    return now + heartbeat_min + std::chrono::milliseconds{spread};
}

} // namespace

LiveRecording::LiveRecording(
    Loop& loop,
    PlainBudget& budget,
    std::unique_ptr<recording::RecordingWriter> writer,
    Fd intake,
    Hooks hooks
)
    : loop_{loop}, budget_{budget}, writer_{std::move(writer)}, intake_{std::move(intake)},
      hooks_{std::move(hooks)}, audience_{loop_, *writer_}
{
}

LiveRecording::~LiveRecording()
{
    budget_.bytes -= accounted_;
}

void LiveRecording::start()
{
    heartbeat_due_ = next_heartbeat(std::chrono::steady_clock::now(), writer_->session());
    listen();
}

bool LiveRecording::may_watch()
{
    return end_reason_.empty() && !failed_ && !audience_.full();
}

void LiveRecording::watch(std::shared_ptr<Viewer> viewer)
{
    audience_.admit(std::move(viewer), shared_from_this());
}

void LiveRecording::listen()
{
    watch_ = loop_.on_readable(intake_.get(), [self = weak_from_this()] {
        if (auto const live = self.lock()) live->read();
    });
}

void LiveRecording::read()
{
    auto& buffer = read_buffer();
    std::size_t total = 0;
    for (int turn = 0; turn < reads_per_turn && watch_; ++turn) {
        auto const got = ::recv(intake_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
        if (got <= 0) {
            end("worker_lost");
            return;
        }
        total += static_cast<std::size_t>(got);
        if (!take({buffer.data(), static_cast<std::size_t>(got)})) return;
    }
    if (total < trickle_bytes)
        rest();
    else
        pause_or_resume();
}

void LiveRecording::rest()
{
    watch_.cancel();
    resting_ = true;
    rest_ = loop_.after(trickle_rest, [self = weak_from_this()] {
        auto const live = self.lock();
        if (!live) return;
        live->resting_ = false;
        live->pause_or_resume();
    });
}

bool LiveRecording::take(std::string_view bytes)
{
    auto const frames = decoder_.feed(bytes);
    if (!frames) {
        log(LogLevel::error, writer_->session() + ": intake: " + frames.error().what);
        end("protocol_error");
        return false;
    }
    for (auto const& frame : *frames)
        add(frame);
    if (!decoder_.ended()) return true;
    end(reason_in(frames->back().payload));
    return false;
}

void LiveRecording::add(FrameView const& frame)
{
    if (open_.count > 0 &&
        open_.frames.size() + frame.encoded.size() > recording::segment_frames_max)
        full_.push_back(std::exchange(open_, {}));
    audience_.note(frame);
    if (open_.count == 0) open_since_ = std::chrono::steady_clock::now();
    open_.frames.append(frame.encoded);
    ++open_.count;
    accounted_ += frame.encoded.size();
    budget_.bytes += frame.encoded.size();
    // The first frame goes alone: somebody waits until the recording is known to grow.
    if (!full_.empty() || on_disk_ == 0) submit();
}

std::size_t LiveRecording::waiting_bytes() const
{
    return accounted_ + decoder_.partial_bytes();
}

void LiveRecording::pause_or_resume()
{
    if (!end_reason_.empty() || failed_) return;
    // A segment is being written and another one is complete: the worker waits for the disk.
    bool const behind = !full_.empty() || (budget_.bytes > PlainBudget::bytes_max &&
                                           waiting_bytes() > PlainBudget::share_min);
    if (behind)
        watch_.cancel();
    else if (!watch_ && !resting_)
        listen();
}

void LiveRecording::tick(Deadline now)
{
    if (acknowledged_ < on_disk_) acknowledge();
    if (writing_ || failed_ || sealing_) return;
    bool const due = (open_.count > 0 && now >= open_since_ + batch_age) || now >= heartbeat_due_;
    if (due || !full_.empty()) submit();
    pause_or_resume();
}

void LiveRecording::submit()
{
    if (writing_ || failed_ || sealing_) return;
    Batch batch;
    if (full_.empty()) {
        batch = std::exchange(open_, {});
    } else {
        batch = std::move(full_.front());
        full_.pop_front();
    }
    writing_ = true;
    heartbeat_due_ = next_heartbeat(std::chrono::steady_clock::now(), writer_->session());
    struct Job {
        Batch batch;
        Result<> result;
    };
    auto const job = std::make_shared<Job>(Job{std::move(batch), {}});
    auto const self = shared_from_this();
    loop_.in_pool(
        [self, job] { job->result = self->writer_->append(job->batch.frames); },
        [self, job] {
            auto const bytes = job->batch.frames.size();
            if (job->result) {
                self->audience_.durable(job->batch.frames);
                self->take_text(std::move(job->batch.frames));
            }
            self->written(job->result, bytes, job->batch.count);
        }
    );
}

void LiveRecording::take_text(std::string frames)
{
    if (text_lost_) return;
    // Output that comes faster than it is read as text: nobody waits for that. A search reads the
    // recording itself then.
    if (untold_.size() + frames.size() > text_backlog_max) {
        text_lost_ = true;
        wipe(untold_);
        untold_.clear();
        return;
    }
    untold_ += frames;
    if (!reading_text_) read_text();
}

void LiveRecording::read_text()
{
    reading_text_ = true;
    auto const frames = std::make_shared<std::string>(std::exchange(untold_, {}));
    auto const self = shared_from_this();
    loop_.in_pool(
        [self, frames] {
            self->text_.feed(*frames);
            wipe(*frames);
        },
        [self] {
            self->reading_text_ = false;
            if (self->seal_waits_)
                self->seal_now();
            else if (!self->untold_.empty())
                self->read_text();
        }
    );
}

void LiveRecording::written(Result<> result, std::size_t bytes, std::uint64_t count)
{
    writing_ = false;
    accounted_ -= bytes;
    budget_.bytes -= bytes;
    if (failed_) {
        seal();
        return;
    }
    if (!result) {
        fail(result.error().what);
        return;
    }
    on_disk_ += count;
    acknowledge();
    if (!full_.empty() || (open_.count > 0 && !end_reason_.empty()))
        submit();
    else if (!end_reason_.empty())
        seal();
    pause_or_resume();
}

void LiveRecording::acknowledge()
{
    if (!intake_) return;
    std::array<unsigned char, 8> number{};
    for (std::size_t i = 0; i < number.size(); ++i)
        number[i] = static_cast<unsigned char>(on_disk_ >> (8 * (number.size() - 1 - i)));
    auto const sent =
        ::send(intake_.get(), number.data(), number.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // A worker that does not read its acknowledgements gets the newest one at a later tick; one
    // that is gone is noticed by its end of file. A cut number would shift all that follow.
    if (sent == static_cast<ssize_t>(number.size()))
        acknowledged_ = on_disk_;
    else if (sent >= 0)
        end("protocol_error");
}

void LiveRecording::end(std::string_view reason)
{
    if (!end_reason_.empty() || failed_) return;
    end_reason_ = reason;
    watch_.cancel();
    if (writing_) return;
    if (open_.count > 0 || !full_.empty())
        submit();
    else
        seal();
}

void LiveRecording::fail(std::string const& why)
{
    if (failed_ || sealing_) return;
    failed_ = true;
    end_reason_ = "recorder_failed";
    watch_.cancel();
    // The worker sees its intake close and ends the session.
    intake_.reset();
    full_.clear();
    open_ = {};
    audience_.finish("recorder_failed");
    hooks_.failed(writer_->session(), why);
    if (!writing_) seal();
}

void LiveRecording::seal()
{
    if (sealing_) return;
    sealing_ = true;
    // Sealing wipes the key.
    audience_.quiet([self = shared_from_this()] { self->seal_now(); });
}

void LiveRecording::seal_now()
{
    seal_waits_ = reading_text_;
    if (seal_waits_) return;
    audience_.finish("ended");
    struct Job {
        std::string untold;
        bool text_lost = false;
        std::optional<recording::SealSummary> summary;
        std::string fault;
    };
    auto const job =
        std::make_shared<Job>(Job{std::exchange(untold_, {}), text_lost_, std::nullopt, {}});
    auto const self = shared_from_this();
    loop_.in_pool(
        [self, job] {
            self->text_.feed(job->untold);
            wipe(job->untold);
            auto text = job->text_lost ? std::string{} : self->text_.finish();
            auto sealed = self->writer_->seal(self->end_reason_, text);
            wipe(text);
            if (sealed)
                job->summary = *std::move(sealed);
            else
                job->fault = sealed.error().what;
        },
        [self, job] {
            self->intake_.reset();
            auto const& session = self->writer_->session();
            if (!job->summary) {
                log(LogLevel::error, session + ": seal: " + job->fault);
                if (!self->failed_) self->hooks_.failed(session, job->fault);
            }
            self->hooks_.ended(session, std::move(job->summary));
        }
    );
}

} // namespace ecluse::recorder
