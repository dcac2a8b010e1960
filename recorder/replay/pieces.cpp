#include "recorder/replay/pieces.h"

#include "common/bytes.h"
#include "common/json.h"
#include "recorder/export/frames.h"
#include "recorder/export/notes.h"
#include "recorder/export/terminal.h"
#include "recorder/format/mp4.h"
#include "recorder/replay/activity.h"
#include "recorder/replay/snapshots.h"
#include "recorder/replay/timeline.h"
#include "recorder/verify/verify.h"

#include <algorithm>
#include <optional>

namespace ecluse::recording {
namespace {

/// What one fragment may hold is more (recorder/format/mp4.cpp).
constexpr std::size_t fragment_samples = 200;
/// Silences over this are gaps, as in the seal (docs/formats/recording.md).
constexpr std::uint64_t gap_ms = 11'000;

/// Where a player may begin: each key picture, with a segment from which it can be read.
class VideoPlaces {
public:
    Result<> feed(SegmentEntry const& segment, FrameView const& frame, std::uint64_t at_us)
    {
        if (!started_us_) started_us_ = at_us;
        if (segment_ != segment.index) {
            segment_ = segment.index;
            // What begins with the end of a large fragment is read from where that one begins.
            entry_ = unfinished_.value_or(segment.index);
        }
        auto const begins_in = unfinished_.value_or(entry_);
        auto const read = ECLUSE_TRY(reader_.feed(frame.payload));
        for (auto const& sample : read.samples)
            if (sample.key) places_.push_back(json::array{sample.at_ms, begins_in});
        if (read.samples.empty())
            unfinished_ = begins_in;
        else
            unfinished_.reset();
        return {};
    }

    [[nodiscard]] bool empty() const { return !reader_.has_track(); }
    [[nodiscard]] json::object finish() const
    {
        auto const& track = reader_.track();
        auto const& sps = track.sequence_parameters;
        auto const profile = sps.size() >= 4 ? to_hex(std::string_view{sps}.substr(1, 3)) : "";
        return {
            {"start_ms", *started_us_ / 1000},
            {"width", track.width},
            {"height", track.height},
            {"codec", "avc1." + profile},
            {"beginning", to_base64(mp4::beginning(track))},
            {"places", places_}};
    }

private:
    mp4::Reader reader_;
    std::optional<std::uint64_t> started_us_;
    std::optional<std::uint64_t> segment_;
    std::uint64_t entry_ = 0;
    std::optional<std::uint64_t> unfinished_;
    json::array places_;
};

/// What a reader of the video must have read before any fragment.
Result<std::string> video_beginning(Recording const& recording, ContentKey const& key)
{
    mp4::Reader reader;
    ECLUSE_TRY(recording.for_each_frame(key, [&](FrameView const& frame) -> Result<bool> {
        if (frame.kind == FrameKind::video) ECLUSE_TRY(reader.feed(frame.payload));
        return !reader.has_track();
    }));
    if (!reader.has_track()) return Error{Errc::not_found, "video: no picture was recorded"};
    return mp4::beginning(reader.track());
}

/// What a page's terminal is given.
bool is_of_terminal(Outline const& plan, FrameView const& frame)
{
    return frame.channel == plan.terminal &&
           (frame.kind == FrameKind::output || frame.kind == FrameKind::resize);
}

} // namespace

Integrity
check_integrity(RecordingFiles const& files, std::string const& certificate, Language language)
{
    VerifyOptions options;
    options.evidence_certificate = certificate;
    options.allow_not_countersigned = true;
    auto const verdict = verify(files, options);
    json::array faults;
    json::array notes;
    for (auto const& fault : verdict.faults)
        faults.emplace_back(describe(fault, language));
    for (auto const note : verdict.notes)
        notes.emplace_back(describe(note, language));
    return {
        verdict.good(),
        {{"intact", verdict.good()}, {"faults", std::move(faults)}, {"notes", std::move(notes)}}};
}

Result<json::object> describe_recording(Recording const& recording, ContentKey const& key)
{
    bool const desktop = is_desktop(recording.header());
    auto const plan = ECLUSE_TRY(outline(recording, key));
    TimelineBuilder timeline{plan, desktop};
    Timeline clock{plan.first_us};
    Activity activity;
    Snapshots snapshots{plan.size};
    VideoPlaces video;
    std::uint64_t length_us = 0;
    std::optional<std::uint64_t> previous_ms;
    ECLUSE_TRY(recording.for_each_segment(
        key,
        0,
        [&](SegmentEntry const& segment, std::vector<FrameView> const& frames) -> Result<bool> {
            if (previous_ms && segment.mono_ms > *previous_ms + gap_ms)
                timeline.gap(length_us, segment.mono_ms - *previous_ms);
            previous_ms = segment.mono_ms;
            for (auto const& frame : frames) {
                length_us = clock.microseconds(frame);
                if (frame.kind == FrameKind::video)
                    ECLUSE_TRY(video.feed(segment, frame, length_us));
                timeline.feed(frame);
                activity.feed(frame, length_us);
                if (!is_of_terminal(plan, frame)) continue;
                snapshots.feed(frame, length_us);
                for (auto const& title : snapshots.take_titles())
                    timeline.title(length_us, title);
            }
            return true;
        }
    ));
    json::object shown{
        {"desktop", desktop},
        {"started_ms", plan.started_ms},
        {"length_ms", length_us / 1000},
        {"timeline", timeline.finish()},
        {"activity", activity.finish()}};
    shown["timeline_cut"] = timeline.is_cut();
    if (desktop) {
        if (!video.empty()) shown["video"] = video.finish();
    } else {
        shown["columns"] = plan.size.columns;
        shown["rows"] = plan.size.rows;
        shown["snapshots"] = snapshots.finish();
    }
    return shown;
}

Result<json::object>
terminal_piece(Recording const& recording, ContentKey const& key, std::uint64_t first)
{
    auto const plan = ECLUSE_TRY(outline(recording, key));
    Timeline clock{plan.first_us};
    Utf8Carry utf8;
    json::array frames;
    std::size_t bytes = 0;
    std::uint64_t last_us = 0;
    json::value next = nullptr;
    ECLUSE_TRY(recording.for_each_segment(
        key,
        first,
        [&](SegmentEntry const& segment, std::vector<FrameView> const& found) -> Result<bool> {
            if (bytes >= terminal_piece_bytes) {
                next = segment.index;
                return false;
            }
            for (auto const& frame : found) {
                last_us = clock.microseconds(frame);
                if (!is_of_terminal(plan, frame)) continue;
                bool const output = frame.kind == FrameKind::output;
                auto text = output ? utf8.feed(frame.payload) : std::string{frame.payload};
                bytes += frame.payload.size();
                if (!text.empty()) frames.push_back(json::array{last_us, output ? "o" : "r", text});
            }
            return true;
        }
    ));
    if (auto const rest = utf8.finish(); !rest.empty())
        frames.push_back(json::array{last_us, "o", rest});
    return json::object{{"frames", std::move(frames)}, {"next", std::move(next)}};
}

Result<std::string>
video_piece(Recording const& recording, ContentKey const& key, VideoSpan const& span)
{
    auto const beginning = ECLUSE_TRY(video_beginning(recording, key));
    mp4::Reader reader;
    std::vector<mp4::Sample> samples;
    std::size_t bytes = 0;
    bool begun = span.segment == 0; // the file's own beginning is in its first frame
    ECLUSE_TRY(recording.for_each_segment(
        key,
        span.segment,
        [&](SegmentEntry const&, std::vector<FrameView> const& frames) -> Result<bool> {
            for (auto const& frame : frames) {
                if (frame.kind != FrameKind::video) continue;
                if (!begun && !frame.payload.substr(4).starts_with("ftyp"))
                    ECLUSE_TRY(reader.feed(beginning));
                begun = true;
                for (auto& sample : ECLUSE_TRY(reader.feed(frame.payload)).samples) {
                    if (!samples.empty())
                        samples.back().duration_ms =
                            static_cast<std::uint32_t>(sample.at_ms - samples.back().at_ms);
                    if (span.to_ms > 0 && sample.at_ms >= span.to_ms) return false;
                    bytes += sample.bytes.size();
                    if (sample.at_ms >= span.from_ms) samples.push_back(std::move(sample));
                }
            }
            if (bytes > video_piece_max)
                return Error{Errc::too_large, "video: more than one piece holds"};
            return true;
        }
    ));
    std::string fragments;
    for (std::uint32_t number = 1; !samples.empty(); ++number) {
        auto const end = samples.begin() +
                         static_cast<std::ptrdiff_t>(std::min(samples.size(), fragment_samples));
        fragments += mp4::fragment(number, {samples.begin(), end});
        samples.erase(samples.begin(), end);
    }
    return fragments;
}

} // namespace ecluse::recording
