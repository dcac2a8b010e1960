#include "common/text.h"
#include "common/text_keys.h"
#include "common/time.h"
#include "recorder/export/export.h"
#include "recorder/export/frames.h"
#include "recorder/export/notes.h"
#include "recorder/format/mp4.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace ecluse::recording {
namespace {

Result<> each_video_piece(
    Recording const& recording,
    ContentKey const& key,
    std::function<Result<>(FrameView const&)> const& visit
)
{
    return recording.for_each_frame(key, [&](FrameView const& frame) -> Result<bool> {
        if (frame.kind == FrameKind::video) ECLUSE_TRY(visit(frame));
        return true;
    });
}

Result<> each_note(
    Recording const& recording,
    ContentKey const& key,
    std::function<Result<>(Note const&)> const& visit
)
{
    NoteTaker taker;
    ECLUSE_TRY(recording.for_each_frame(key, [&](FrameView const& frame) -> Result<bool> {
        for (auto const& note : taker.feed(frame))
            ECLUSE_TRY(visit(note));
        return true;
    }));
    for (auto const& note : taker.finish())
        ECLUSE_TRY(visit(note));
    return {};
}

/// "01:02:03.456".
std::string cue_time(std::uint64_t us)
{
    auto const padded = [](std::uint64_t number, std::size_t digits) {
        auto const digits_of = std::to_string(number);
        return std::string(digits - std::min(digits, digits_of.size()), '0') + digits_of;
    };
    auto const ms = us / 1000;
    return padded(ms / 3'600'000, 2) + ":" + padded(ms / 60'000 % 60, 2) + ":" +
           padded(ms / 1000 % 60, 2) + "." + padded(ms % 1000, 3);
}

/// A subtitle file gives a meaning to these.
std::string escaped(std::string_view line)
{
    std::string safe;
    for (char const c : line) {
        if (c == '&')
            safe += "&amp;";
        else if (c == '<')
            safe += "&lt;";
        else if (c == '>')
            safe += "&gt;";
        else
            safe += c;
    }
    return safe;
}

} // namespace

Result<> export_mp4(Recording const& recording, ContentKey const& key, Write const& write)
{
    std::vector<mp4::Place> places;
    mp4::Reader first;
    ECLUSE_TRY(each_video_piece(recording, key, [&](FrameView const& frame) -> Result<> {
        for (auto const& sample : ECLUSE_TRY(first.feed(frame.payload)).samples)
            places.push_back(
                {sample.at_ms,
                 sample.duration_ms,
                 static_cast<std::uint32_t>(sample.bytes.size()),
                 sample.key}
            );
        return {};
    }));
    if (places.empty()) return Error{Errc::not_found, "export: the recording holds no picture"};
    ECLUSE_TRY(write(mp4::indexed_beginning(first.track(), places)));
    mp4::Reader second;
    return each_video_piece(recording, key, [&](FrameView const& frame) -> Result<> {
        for (auto const& sample : ECLUSE_TRY(second.feed(frame.payload)).samples)
            ECLUSE_TRY(write(sample.bytes));
        return {};
    });
}

Result<> export_vtt(Recording const& recording, ContentKey const& key, Write const& write)
{
    std::optional<std::uint64_t> start_us;
    ECLUSE_TRY(recording.for_each_frame(key, [&](FrameView const& frame) -> Result<bool> {
        if (frame.kind == FrameKind::video) start_us = frame.mono_us;
        return !start_us;
    }));
    ECLUSE_TRY(write("WEBVTT\n"));
    auto const since_start = [&](std::uint64_t mono_us) {
        return mono_us - std::min(mono_us, start_us.value_or(mono_us));
    };
    return each_note(recording, key, [&](Note const& note) {
        return write(
            "\n" + cue_time(since_start(note.from_us)) + " --> " +
            cue_time(std::max(since_start(note.to_us), std::uint64_t{1000})) + "\n" +
            escaped(note.text) + "\n"
        );
    });
}

Result<> export_desktop_text(Recording const& recording, ContentKey const& key, Write const& write)
{
    auto const plan = ECLUSE_TRY(outline(recording, key));
    auto const& header = recording.header();
    ECLUSE_TRY(write(
        text(
            Language::french,
            TextKey::export_text_title,
            {{"session", header.session}, {"created", header.created}}
        ) +
        "\n" + header.facts + "\n\n"
    ));
    return each_note(recording, key, [&](Note const& note) {
        auto const later = (note.from_us - std::min(note.from_us, plan.first_us)) / 1'000'000;
        UtcTime const at{
            std::chrono::seconds{static_cast<std::int64_t>(plan.started_ms / 1000 + later)}};
        return write(to_iso(at) + "  " + note.text + "\n");
    });
}

} // namespace ecluse::recording
