#include "recorder/replay/timeline.h"

#include "common/bytes.h"
#include "common/json.h"

#include <algorithm>
#include <utility>

namespace ecluse::recording {
namespace {

constexpr std::size_t text_chars_max = 1000;
/// Typed further apart than this, it is another line.
constexpr std::uint64_t typing_pause_us = 5'000'000;
constexpr std::size_t typed_bytes_max = 2000;
constexpr char delete_key = 0x7f;

std::string type_in(std::string_view payload)
{
    auto const object = parse_object(payload);
    auto const* const type = object ? object->if_contains("type") : nullptr;
    return type && type->is_string() ? std::string{type->get_string()} : std::string{"?"};
}

/// The last character typed goes away, all its bytes.
void drop_last(std::string& text)
{
    while (!text.empty()) {
        bool const begins = (static_cast<unsigned char>(text.back()) & 0xC0U) != 0x80U;
        text.pop_back();
        if (begins) return;
    }
}

} // namespace

void TimelineBuilder::add(std::uint64_t at_us, std::string_view kind, std::string_view text)
{
    if (rows_.size() >= timeline_max) {
        cut_ = true;
        return;
    }
    rows_.push_back(json::object{
        {"at_ms", at_us / 1000}, {"kind", kind}, {"text", printable(text, text_chars_max)}});
}

void TimelineBuilder::end_line()
{
    if (!typed_.empty()) add(typed_from_us_, "typed", std::exchange(typed_, {}));
}

void TimelineBuilder::type(std::string_view bytes, std::uint64_t at_us)
{
    if (!typed_.empty() && at_us > typed_last_us_ + typing_pause_us) end_line();
    typed_last_us_ = at_us;
    for (char const c : utf8_.feed(bytes)) {
        if (typed_.empty()) typed_from_us_ = at_us;
        if (c == '\r' || c == '\n') {
            end_line();
        } else if (c == delete_key || c == '\b') {
            drop_last(typed_);
        } else if (static_cast<unsigned char>(c) < 0x20U) {
            typed_ += '^';
            typed_ += static_cast<char>(c + '@');
        } else {
            typed_ += c;
        }
        if (typed_.size() >= typed_bytes_max) end_line();
    }
}

void TimelineBuilder::add_notes(std::vector<Note> const& notes, std::string_view last_kind)
{
    for (std::size_t i = 0; i < notes.size(); ++i) {
        auto const at = notes[i].from_us - std::min(notes[i].from_us, first_us_);
        add(at, i + 1 == notes.size() ? last_kind : "typed", notes[i].text);
    }
}

void TimelineBuilder::feed(FrameView const& frame)
{
    auto const at = clock_.microseconds(frame);
    if (desktop_) {
        bool const is_event = frame.kind == FrameKind::event;
        add_notes(notes_.feed(frame), is_event ? type_in(frame.payload) : "typed");
        return;
    }
    if (frame.kind == FrameKind::event) {
        end_line();
        add(at, type_in(frame.payload), event_label(frame.payload));
    } else if (frame.channel == terminal_ && frame.kind == FrameKind::input) {
        type(frame.payload, at);
    } else if (frame.channel == terminal_ && frame.kind == FrameKind::hidden_input) {
        type(mask, at);
    }
}

void TimelineBuilder::title(std::uint64_t at_us, std::string const& words)
{
    if (words == title_) return;
    title_ = words;
    if (!words.empty()) add(at_us, "title", words);
}

void TimelineBuilder::gap(std::uint64_t at_us, std::uint64_t silence_ms)
{
    add(at_us, "gap", std::to_string(silence_ms / 1000) + " s");
}

json::array TimelineBuilder::finish()
{
    if (desktop_) add_notes(notes_.finish(), "typed");
    end_line();
    // A line that was typed is known at its end, and belongs to its beginning.
    std::stable_sort(rows_.begin(), rows_.end(), [](json::value const& a, json::value const& b) {
        return a.at("at_ms").to_number<std::uint64_t>() < b.at("at_ms").to_number<std::uint64_t>();
    });
    return std::move(rows_);
}

} // namespace ecluse::recording
