#pragma once

#include "recorder/format/reader.h"

#include <chrono>
#include <functional>
#include <string_view>

/// A recording in the forms that people and other programs read. Input typed while the echo was off
/// appears in none of them, whatever the reader's rights: one "•" stands for each such input.
namespace ecluse::recording {

using Write = std::function<Result<>(std::string_view bytes)>;

/// asciicast v2: output, input, resizes, and a marker for each event. The first terminal of the
/// session; other channels appear as markers only.
Result<> export_cast(Recording const& recording, ContentKey const& key, Write const& write);
/// The video of a desktop with an index, so that players search in it: the samples of the
/// recording, unchanged, each shown until the next.
Result<> export_mp4(Recording const& recording, ContentKey const& key, Write const& write);
/// WebVTT subtitles for that video: what was typed, clicked, copied, transferred, shown.
Result<> export_vtt(Recording const& recording, ContentKey const& key, Write const& write);
/// The facts of the header, then the same words with the time of day in UTC.
Result<> export_desktop_text(Recording const& recording, ContentKey const& key, Write const& write);
/// What the terminal showed, line by line without escape sequences, then the commands.
Result<> export_text(Recording const& recording, ContentKey const& key, Write const& write);
/// Header facts and every frame in order, one JSON document.
Result<> export_json(Recording const& recording, ContentKey const& key, Write const& write);

struct PlayOptions {
    /// 2.0 is twice as fast; between 0.1 and 100.
    double speed = 1.0;
    /// A longer pause lasts this long.
    std::chrono::milliseconds idle_max{3000};
};
/// Returns once the moment (counted from the start of the play) has come; false stops the play.
using WaitUntil = std::function<bool(std::chrono::microseconds since_start)>;
/// WaitUntil on the steady clock; `stopped` is asked at least every 100 ms.
[[nodiscard]] WaitUntil steady_wait(std::function<bool()> stopped);

/// Plays the first terminal's output. What could harm or move the viewer's terminal is left out,
/// and its state is restored at the end.
Result<> play(
    Recording const& recording,
    ContentKey const& key,
    PlayOptions const& options,
    Write const& write,
    WaitUntil const& wait
);

} // namespace ecluse::recording
