#pragma once

#include "recorder/format/frame.h"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ecluse::recording {

/// How much was typed and shown, slice by slice: the curve under a reader's bar.
class Activity {
public:
    /// As many as a curve on a page can tell apart.
    static constexpr std::size_t slices_max = 240;

    void feed(FrameView const& frame, std::uint64_t at_us);
    /// {"slice_ms", "typed": [strokes…], "shown": [bytes…]}, until the last slice with something.
    [[nodiscard]] boost::json::object finish();

private:
    struct Slice {
        std::uint64_t typed = 0;
        std::uint64_t shown = 0;
    };
    void halve();

    std::uint64_t slice_ms_ = 250;
    std::vector<Slice> slices_;
};

} // namespace ecluse::recording
