#include "recorder/film/film.h"

#include "common/json.h"
#include "common/time.h"
#include "common/utf8.h"

#include <algorithm>

namespace ecluse::film {
namespace {

/// Between two pictures: as many as a desktop's recording has.
constexpr std::uint64_t period_ms = 125;
constexpr int pictures_per_piece = 40;
constexpr std::size_t title_bytes_max = 512;
constexpr Colour title_front{0xff, 0xff, 0xff};
constexpr Colour title_back{0x1f, 0x3a, 0x5f};
constexpr std::int64_t latest_ms = 253'402'300'799'000; // the end of the year 9999

TerminalSize clipped(TerminalSize size)
{
    return {std::min(size.columns, size_max.columns), std::min(size.rows, size_max.rows)};
}

} // namespace

Result<> Film::begin(std::string_view order)
{
    auto const object = ECLUSE_TRY(parse_object(order));
    Fields fields{object};
    canvas_ = clipped(
        {static_cast<std::uint16_t>(fields.number("columns", 1, 65'535)),
         static_cast<std::uint16_t>(fields.number("rows", 1, 65'535))}
    );
    title_ = fields.text("title", title_bytes_max);
    started_ms_ = static_cast<std::uint64_t>(fields.number("started_ms", 0, latest_ms));
    ECLUSE_TRY(fields.finish());
    terminal_ = ECLUSE_TRY(Terminal::open(canvas_));
    picture_ =
        encode::Picture{canvas_.columns * letters_.width(), (canvas_.rows + 1) * letters_.height()};
    return {};
}

Result<std::string> Film::take(FrameView const& frame)
{
    if (ended_) return Error{Errc::malformed, "film: a frame after its end"};
    if (!terminal_) {
        if (frame.kind != FrameKind::event)
            return Error{Errc::malformed, "film: it begins without its order"};
        ECLUSE_TRY(begin(frame.payload));
        return std::string{};
    }
    auto const at_ms = frame.mono_us / 1000;
    ECLUSE_TRY(show_until(at_ms));
    switch (frame.kind) {
    case FrameKind::output:
        terminal_->feed(frame.payload);
        break;
    case FrameKind::resize:
        ECLUSE_TRY(terminal_->resize(clipped(ECLUSE_TRY(parse_terminal_size(frame.payload)))));
        // A smaller one leaves nothing of the larger at its side.
        picture_ = encode::Picture{picture_.width(), picture_.height()};
        picture_.changed().mark_all();
        break;
    case FrameKind::end:
        ended_ = true;
        ECLUSE_TRY(add_picture(at_ms));
        return video_.take_fragment(at_ms);
    default:
        return Error{Errc::malformed, "film: a frame that it does not show"};
    }
    if (!changed_ms_) changed_ms_ = at_ms;
    if (waiting_ < pictures_per_piece) return std::string{};
    waiting_ = 0;
    return video_.take_fragment(at_ms);
}

Result<> Film::show_until(std::uint64_t at_ms)
{
    if (!changed_ms_) return {};
    auto const due = std::max(next_ms_, *changed_ms_);
    return due <= at_ms ? add_picture(due) : Result<>{};
}

Result<> Film::add_picture(std::uint64_t at_ms)
{
    terminal_->draw(letters_, picture_);
    draw_title(at_ms);
    ECLUSE_TRY(video_.add(picture_, std::nullopt, at_ms));
    changed_ms_.reset();
    next_ms_ = at_ms + period_ms;
    ++waiting_;
    return {};
}

void Film::draw_title(std::uint64_t at_ms)
{
    UtcTime const now{std::chrono::seconds{(started_ms_ + at_ms) / 1000}};
    auto const line = to_iso(now) + "  " + title_;
    std::string_view rest = line;
    auto const top = canvas_.rows * letters_.height();
    for (int column = 0; column < canvas_.columns; ++column) {
        auto const next = rest.empty() ? Utf8{U' ', 0} : decode_utf8(rest);
        auto const character = rest.empty() || next.length != 0 ? next.point : U'?';
        rest.remove_prefix(std::min(rest.size(), std::max<std::size_t>(next.length, 1)));
        auto const left = column * letters_.width();
        auto const* const pixels =
            letters_.draw(character, 1, {title_front, title_back, false, false});
        picture_.paint(
            pixels,
            letters_.width(),
            letters_.height(),
            {left, top, left + letters_.width(), top + letters_.height()}
        );
    }
}

} // namespace ecluse::film
