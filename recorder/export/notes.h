#pragma once

#include "recorder/export/export.h"
#include "recorder/format/frame.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// What happened in a desktop session, in words: the keys grouped into lines, clicks, clipboard,
/// files, what the gateway showed. Hidden keys are dots.
namespace ecluse::recording {

struct Note {
    std::uint64_t from_us;
    std::uint64_t to_us;
    /// Whole, in French, one line, printable.
    std::string text;
};

/// Frames in, notes out in order of their beginning.
class NoteTaker {
public:
    /// The notes that this frame completes.
    [[nodiscard]] std::vector<Note> feed(FrameView const& frame);
    [[nodiscard]] std::vector<Note> finish();

private:
    void type(std::string_view shown, std::uint64_t mono_us, std::vector<Note>& done);
    void close(std::vector<Note>& done);

    std::string typed_;
    std::size_t keys_ = 0;
    std::uint64_t from_us_ = 0;
    std::uint64_t last_us_ = 0;
};

/// Whether the recording is one of a desktop (`protocol` "rdp" in its facts).
[[nodiscard]] bool is_desktop(Header const& header);

} // namespace ecluse::recording
