#pragma once

#include "common/result.h"
#include "recorder/encode/video.h"
#include "recorder/film/letters.h"
#include "recorder/film/terminal.h"
#include "recorder/format/frame.h"

#include <optional>
#include <string>

/// The film of a terminal's recording (CHM:8.5): an ordinary MP4 for those who have a player and
/// no terminal. Frames in (docs/requests.md §4.2), pieces of a fragmented MP4 out.
namespace ecluse::film {

/// Larger terminals show their upper left part.
constexpr TerminalSize size_max{240, 84};

class Film {
public:
    explicit Film(Letters letters) : letters_{std::move(letters)} {}
    /// The piece of the film that this frame completes, often empty.
    [[nodiscard]] Result<std::string> take(FrameView const& frame);
    [[nodiscard]] bool ended() const { return ended_; }

private:
    Result<> begin(std::string_view order);
    /// The picture of what has changed, if its time came before `at_ms`.
    Result<> show_until(std::uint64_t at_ms);
    Result<> add_picture(std::uint64_t at_ms);
    void draw_title(std::uint64_t at_ms);

    Letters letters_;
    std::optional<Terminal> terminal_;
    encode::Picture picture_;
    encode::Video video_;
    std::string title_;
    std::uint64_t started_ms_ = 0; // since 1970
    TerminalSize canvas_{};
    std::optional<std::uint64_t> changed_ms_ = 0;
    std::uint64_t next_ms_ = 0;
    int waiting_ = 0; // pictures since the last piece
    bool ended_ = false;
};

} // namespace ecluse::film
