#pragma once

#include "recorder/export/export.h"
#include "recorder/export/frames.h"
#include "recorder/export/notes.h"
#include "recorder/export/terminal.h"
#include "recorder/format/frame.h"

#include <boost/json/array.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// What happened in a session, moment by moment, as a reader's list: the text alternative of the
/// picture. Input typed with the echo off is one dot each, as in every export.
namespace ecluse::recording {

/// A session of a day with a move each second fits; beyond, the list ends and says so.
constexpr std::size_t timeline_max = 50'000;

class TimelineBuilder {
public:
    TimelineBuilder(Outline const& outline, bool desktop)
        : terminal_{outline.terminal}, first_us_{outline.first_us}, clock_{outline.first_us},
          desktop_{desktop}
    {
    }

    void feed(FrameView const& frame);
    /// Of a terminal's window; said once until it changes.
    void title(std::uint64_t at_us, std::string const& words);
    /// Silence of the recording that ends at the last frame fed.
    void gap(std::uint64_t at_us, std::uint64_t silence_ms);
    /// [{"at_ms","kind","text"}] in order of time.
    [[nodiscard]] boost::json::array finish();
    [[nodiscard]] bool is_cut() const { return cut_; }

private:
    void add(std::uint64_t at_us, std::string_view kind, std::string_view text);
    void add_notes(std::vector<Note> const& notes, std::string_view last_kind);
    void type(std::string_view bytes, std::uint64_t at_us);
    void end_line();

    std::optional<std::uint16_t> terminal_;
    std::uint64_t first_us_;
    Timeline clock_;
    bool desktop_;
    NoteTaker notes_;
    Utf8Carry utf8_;
    std::string title_;
    std::string typed_;
    std::uint64_t typed_from_us_ = 0;
    std::uint64_t typed_last_us_ = 0;
    boost::json::array rows_;
    bool cut_ = false;
};

} // namespace ecluse::recording
