#include "recorder/replay/activity.h"

#include <boost/json/array.hpp>

namespace ecluse::recording {

void Activity::feed(FrameView const& frame, std::uint64_t at_us)
{
    Slice more;
    switch (frame.kind) {
    case FrameKind::input:
    case FrameKind::hidden_input:
    case FrameKind::key:
        more.typed = 1;
        break;
    case FrameKind::output:
    case FrameKind::video:
    case FrameKind::bytes_down:
    case FrameKind::bytes_up:
        more.shown = frame.payload.size();
        break;
    case FrameKind::resize:
    case FrameKind::event:
    case FrameKind::end:
        return;
    }
    while (at_us / 1000 / slice_ms_ >= slices_max)
        halve();
    auto const at = static_cast<std::size_t>(at_us / 1000 / slice_ms_);
    if (at >= slices_.size()) slices_.resize(at + 1);
    slices_[at].typed += more.typed;
    slices_[at].shown += more.shown;
}

void Activity::halve()
{
    slice_ms_ *= 2;
    for (std::size_t i = 0; i < slices_.size(); i += 2) {
        auto sum = slices_[i];
        if (i + 1 < slices_.size()) {
            sum.typed += slices_[i + 1].typed;
            sum.shown += slices_[i + 1].shown;
        }
        slices_[i / 2] = sum;
    }
    slices_.resize((slices_.size() + 1) / 2);
}

boost::json::object Activity::finish()
{
    boost::json::array typed;
    boost::json::array shown;
    for (auto const& slice : slices_) {
        typed.emplace_back(slice.typed);
        shown.emplace_back(slice.shown);
    }
    return {{"slice_ms", slice_ms_}, {"typed", std::move(typed)}, {"shown", std::move(shown)}};
}

} // namespace ecluse::recording
