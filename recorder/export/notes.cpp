#include "recorder/export/notes.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/text.h"
#include "common/text_keys.h"
#include "recorder/export/frames.h"

#include <utility>

namespace ecluse::recording {
namespace {

/// Keys further apart than this are two lines; so is what no longer fits under a picture.
constexpr std::uint64_t typing_pause_us = 2'000'000;
constexpr std::size_t typed_keys_max = 60;
/// A reader's eye needs this long.
constexpr std::uint64_t read_us = 2'000'000;
constexpr std::size_t shown_chars_max = 400;

std::string text_in(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

std::string number_in(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    return value && value->is_number() ? json::serialize(*value) : "?";
}

bool flag_in(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    return value && value->is_bool() && value->get_bool();
}

/// Pressed for what comes next, which says it: a capital, "Ctrl+C". In between it would only tear
/// words apart, for a reader and for a search.
bool is_lone_modifier(std::string_view name)
{
    return name == "Shift" || name == "Ctrl" || name == "Alt" || name == "AltGr";
}

/// Empty for what a viewer sees anyway.
std::string words_for(json::object const& event, std::string_view payload)
{
    auto const type = text_in(event, "type");
    auto const said = [&](TextKey key, TextHoles holes) {
        return text(Language::french, key, holes);
    };
    bool const inward = text_in(event, "direction") == "in" || text_in(event, "direction") == "up";
    if (type == "click") {
        auto const button = text_in(event, "button");
        if (button.starts_with("wheel")) return {};
        return said(
            TextKey::export_desktop_click,
            {{"button", printable(button)},
             {"x", number_in(event, "x")},
             {"y", number_in(event, "y")}}
        );
    }
    if (type == "clipboard")
        return said(
            inward ? TextKey::export_desktop_clipboard_in : TextKey::export_desktop_clipboard_out,
            {{"bytes", number_in(event, "bytes")},
             {"text", printable(text_in(event, "text"), shown_chars_max)}}
        );
    if (type == "transfer")
        return said(
            inward ? TextKey::export_desktop_file_in : TextKey::export_desktop_file_out,
            {{"bytes", number_in(event, "bytes")}, {"name", printable(text_in(event, "name"))}}
        );
    if (type == "shown")
        return said(
            TextKey::export_desktop_shown,
            {{"text", printable(text_in(event, "text"), shown_chars_max)}}
        );
    return event_label(payload);
}

} // namespace

bool is_desktop(Header const& header)
{
    auto const facts = parse_object(header.facts);
    return facts && text_in(*facts, "protocol") == "rdp";
}

void NoteTaker::close(std::vector<Note>& done)
{
    if (keys_ == 0) return;
    done.push_back(
        {from_us_,
         last_us_ + read_us,
         text(
             Language::french, TextKey::export_desktop_typed, {{"text", std::exchange(typed_, {})}}
         )}
    );
    keys_ = 0;
}

void NoteTaker::type(std::string_view shown, std::uint64_t mono_us, std::vector<Note>& done)
{
    if (keys_ > 0 && (mono_us > last_us_ + typing_pause_us || keys_ >= typed_keys_max)) close(done);
    if (keys_ == 0) from_us_ = mono_us;
    typed_ += shown;
    last_us_ = mono_us;
    ++keys_;
}

std::vector<Note> NoteTaker::feed(FrameView const& frame)
{
    std::vector<Note> done;
    if (frame.kind != FrameKind::key && frame.kind != FrameKind::hidden_input &&
        frame.kind != FrameKind::event)
        return done;
    auto const object = parse_object(frame.payload);
    if (frame.kind == FrameKind::event) {
        auto words = object ? words_for(*object, frame.payload) : std::string{"?"};
        if (words.empty()) return done;
        close(done);
        done.push_back({frame.mono_us, frame.mono_us + read_us, std::move(words)});
        return done;
    }
    if (!object || !flag_in(*object, "down")) return done;
    auto const name = text_in(*object, "name");
    auto const typed = text_in(*object, "text");
    if (is_lone_modifier(name)) return done;
    if (frame.kind == FrameKind::hidden_input) {
        // Its name would say as much as its character.
        if (!name.empty() || !typed.empty()) type(mask, frame.mono_us, done);
        return done;
    }
    if (name == "Enter") {
        type("⏎", frame.mono_us, done);
        close(done);
    } else if (!name.empty()) {
        type("[" + printable(name, 40) + "]", frame.mono_us, done);
    } else if (!typed.empty()) {
        type(printable(typed, 8), frame.mono_us, done);
    }
    return done;
}

std::vector<Note> NoteTaker::finish()
{
    std::vector<Note> done;
    close(done);
    return done;
}

} // namespace ecluse::recording
