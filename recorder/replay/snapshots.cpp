#include "recorder/replay/snapshots.h"

#include <boost/json/value.hpp>

#include <utility>

namespace ecluse::recording {
namespace {

screen::Size bounded(TerminalSize size)
{
    return screen::bounded(size.columns, size.rows);
}

} // namespace

Snapshots::Snapshots(TerminalSize size) : screen_{bounded(size)} {}

void Snapshots::feed(FrameView const& frame, std::uint64_t at_us)
{
    keep_waiting(at_us);
    if (frame.kind == FrameKind::resize) {
        if (auto const size = parse_terminal_size(frame.payload)) screen_.resize(bounded(*size));
        return;
    }
    screen_.feed(utf8_.feed(frame.payload));
    since_ += frame.payload.size();
    if (since_ >= every_ && utf8_.is_whole() && screen_.is_sure())
        waiting_ = Snapshot{at_us, screen_.size(), screen_.snapshot()};
}

void Snapshots::keep_waiting(std::uint64_t at_us)
{
    if (!waiting_) return;
    auto snapshot = *std::exchange(waiting_, std::nullopt);
    if (at_us <= snapshot.at_us) return;
    bytes_ += snapshot.text.size();
    kept_.push_back(std::move(snapshot));
    since_ = 0;
    if (bytes_ > snapshots_bytes_max) thin();
}

void Snapshots::thin()
{
    every_ *= 2;
    bytes_ = 0;
    std::vector<Snapshot> fewer;
    for (std::size_t i = 1; i < kept_.size(); i += 2) {
        bytes_ += kept_[i].text.size();
        fewer.push_back(std::move(kept_[i]));
    }
    kept_ = std::move(fewer);
}

boost::json::array Snapshots::finish()
{
    boost::json::array rows;
    for (auto& [at_us, size, text] : kept_)
        rows.push_back(boost::json::array{at_us, size.columns, size.rows, std::move(text)});
    return rows;
}

} // namespace ecluse::recording
