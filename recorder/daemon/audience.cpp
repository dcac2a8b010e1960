#include "recorder/daemon/audience.h"

#include "common/log.h"
#include "recorder/daemon/start.h"

#include <algorithm>
#include <utility>

namespace ecluse::recorder {
namespace {

/// ftyp and moov; a video whose head is longer is not one of ours.
constexpr std::size_t beginning_bytes_max = 4096;

/// What precedes the first fragment.
std::string beginning_of(std::string_view payload)
{
    auto const fragment = payload.find("moof");
    constexpr std::size_t length_bytes = 4;
    if (payload.substr(0, beginning_bytes_max).find("ftyp") != length_bytes ||
        fragment == std::string_view::npos || fragment > beginning_bytes_max)
        return {};
    return std::string{payload.substr(0, fragment - length_bytes)};
}

} // namespace

void Audience::note(FrameView const& frame)
{
    if (frame.kind == FrameKind::resize) {
        if (auto const size = parse_terminal_size(frame.payload)) size_ = *size;
    } else if (frame.kind == FrameKind::video && beginning_.empty()) {
        beginning_ = beginning_of(frame.payload);
    }
}

void Audience::durable(std::string_view frames)
{
    lengths_.push_back(
        static_cast<std::uint32_t>(writer_.bytes() - std::exchange(bytes_, writer_.bytes()))
    );
    if (lengths_.size() > segments_kept) lengths_.pop_front();
    ++segments_;
    forget_closed();
    if (viewers_.empty() || frames.empty()) return;
    auto const shown = std::make_shared<std::string const>(frames_to_watch(frames));
    for (auto const& viewer : viewers_)
        viewer->add(shown);
}

std::vector<recording::SegmentPlace> Audience::recent() const
{
    std::vector<recording::SegmentPlace> places;
    auto index = segments_;
    auto offset = bytes_;
    auto const newest = offset;
    for (auto length = lengths_.rbegin(); length != lengths_.rend(); ++length) {
        offset -= *length;
        if (newest - offset > start_read_max) break;
        places.push_back({--index, offset, *length});
    }
    std::reverse(places.begin(), places.end());
    return places;
}

bool Audience::full()
{
    forget_closed();
    return viewers_.size() >= viewers_max;
}

void Audience::admit(std::shared_ptr<Viewer> viewer, std::shared_ptr<void> keep)
{
    viewers_.push_back(viewer);
    struct Job {
        StartRequest request;
        Result<std::string> start{std::string{}};
    };
    auto const job = std::make_shared<Job>();
    job->request = {recent(), false, size_, beginning_};
    job->request.whole = job->request.places.size() == segments_;
    ++starting_;
    loop_.in_pool(
        [this, job, stop = stopping_] { job->start = start_of_view(writer_, job->request, *stop); },
        [this, job, viewer = std::move(viewer), keep = std::move(keep)] {
            --starting_;
            if (!job->start) {
                log(LogLevel::error, writer_.session() + ": watch: " + job->start.error().what);
                viewer->finish("failed");
            } else if (!*stopping_) {
                viewer->begin(std::move(*job->start));
            }
            if (starting_ == 0 && when_quiet_) std::exchange(when_quiet_, nullptr)();
        }
    );
}

void Audience::finish(std::string_view why)
{
    for (auto const& viewer : std::exchange(viewers_, {}))
        viewer->finish(why);
}

void Audience::quiet(std::function<void()> then)
{
    *stopping_ = true;
    if (starting_ == 0) return then();
    when_quiet_ = std::move(then);
}

void Audience::forget_closed()
{
    std::erase_if(viewers_, [](auto const& viewer) { return viewer->closed(); });
}

} // namespace ecluse::recorder
