#pragma once

#include "recorder/export/frames.h"
#include "recorder/export/terminal.h"
#include "recorder/format/frame.h"
#include "recorder/screen/screen.h"

#include <boost/json/array.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Where a page may begin to show a terminal, made while its recording is read for the first time
/// (docs/decisions/0028-snapshots-when-a-recording-is-opened.md).
namespace ecluse::recording {

/// Of output between two: what a page's emulator shows in some milliseconds.
constexpr std::size_t snapshot_every_bytes = 32 * 1024;
/// Of all of a recording. When they are more, every second one goes, and the next come half as
/// often.
constexpr std::size_t snapshots_bytes_max = 2 * 1024 * 1024;

class Snapshots {
public:
    explicit Snapshots(TerminalSize size);

    /// Output and sizes of the terminal, in order.
    void feed(FrameView const& frame, std::uint64_t at_us);
    [[nodiscard]] std::vector<std::string> take_titles() { return screen_.take_titles(); }
    /// [[microseconds, columns, rows, text]…]: written to an empty terminal of this size, `text`
    /// shows what it showed after every frame up to that moment and before any later one.
    [[nodiscard]] boost::json::array finish();

private:
    struct Snapshot {
        std::uint64_t at_us;
        screen::Size size;
        std::string text;
    };
    void keep_waiting(std::uint64_t at_us);
    void thin();

    Utf8Carry utf8_;
    screen::Screen screen_;
    std::size_t every_ = snapshot_every_bytes;
    std::size_t since_ = 0;
    std::size_t bytes_ = 0;
    /// Counts only when the next frame comes at a later moment: a moment is how the page finds it.
    std::optional<Snapshot> waiting_;
    std::vector<Snapshot> kept_;
};

} // namespace ecluse::recording
