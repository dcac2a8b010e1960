#include "recorder/text/session_text.h"

#include "common/bytes.h"
#include "common/json.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace ecluse::recording {
namespace {

/// A longer line is several.
constexpr std::size_t line_chars_max = 1000;
/// Typed further apart than this, it is another line.
constexpr std::uint64_t typing_pause_ms = 5'000;
constexpr std::size_t typed_bytes_max = 2000;
/// Taken apart at once: each character is a string of its own meanwhile.
constexpr std::size_t piece_bytes_max = 16 * 1024;
/// Of different lines: two screens full.
constexpr std::size_t recent_max = 256;
/// Channels at once that are read; the oldest goes for the next. A vendor opens a handful.
constexpr std::size_t channels_max = 32;
/// Of a line that a search may show: bytes of a file are none.
constexpr std::string_view not_text = "\xEF\xBF\xBD";
constexpr char delete_key = 0x7f;

std::string text_in(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
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

/// Empty: of no interest to a search.
std::string_view kind_of(std::string_view type)
{
    for (std::string_view const none :
         {"click", "desktop", "keyboard", "drawing", "channel_end", "elision", "target_connected"})
        if (type == none) return {};
    if (type == "exec" || type == "channel") return "command";
    if (type == "transfer" || type == "file") return "file";
    if (type == "clipboard") return "clipboard";
    if (type == "title") return "title";
    if (type == "shown") return "shown";
    return "event";
}

/// Words, names and digests of an event; not the words of its own grammar.
std::string words_of(json::object const& event)
{
    std::string words;
    for (auto const& [name, value] : event) {
        if (!value.is_string()) continue;
        if (name == "type" || name == "kind" || name == "command_sha256") continue;
        if (!words.empty()) words += ' ';
        words += std::string_view{value.get_string()};
    }
    return words;
}

template <class Map> void make_room(Map& map)
{
    if (map.size() >= channels_max) map.erase(map.begin());
}

} // namespace

SessionText::SessionText() = default;

void SessionText::feed(std::string_view frames)
{
    if (cut_) return;
    FrameDecoder decoder;
    auto const found = decoder.feed(frames);
    if (!found) return;
    for (auto const& frame : *found)
        feed(frame);
}

void SessionText::feed(FrameView const& frame)
{
    if (!std::exchange(begun_, true)) first_us_ = last_us_ = frame.mono_us;
    last_us_ = std::max(last_us_, frame.mono_us);
    auto const at_ms = (last_us_ - first_us_) / 1000;
    switch (frame.kind) {
    case FrameKind::output:
    case FrameKind::bytes_down:
    case FrameKind::bytes_up:
        show(frame, at_ms);
        return;
    case FrameKind::input:
        type(frame.channel, frame.payload, at_ms);
        return;
    case FrameKind::key:
        press(frame.payload, at_ms);
        return;
    case FrameKind::event:
        tell(frame.payload, at_ms);
        return;
    case FrameKind::hidden_input:
    case FrameKind::resize:
    case FrameKind::video:
    case FrameKind::end:
        return;
    }
}

void SessionText::show(FrameView const& frame, std::uint64_t at_ms)
{
    read_ += frame.payload.size();
    if (read_ > session_text_read_max) {
        cut_ = true;
        return;
    }
    auto const name = std::pair{frame.kind, frame.channel};
    if (!shown_.contains(name)) make_room(shown_);
    auto& stream = shown_[name];
    stream.last_ms = at_ms;
    for (auto rest = frame.payload; !rest.empty();) {
        auto const piece = rest.substr(0, piece_bytes_max);
        rest.remove_prefix(piece.size());
        add_lines(stream.text.feed(piece), at_ms, frame.kind != FrameKind::output);
    }
    for (auto const& title : stream.text.take_titles())
        add(at_ms, "title", title);
}

void SessionText::add_lines(std::string_view lines, std::uint64_t at_ms, bool bytes)
{
    for (std::size_t from = 0; from < lines.size();) {
        auto const to = std::min(lines.find('\n', from), lines.size());
        auto const line = lines.substr(from, to - from);
        from = to + 1;
        if (line.empty() || (bytes && line.find(not_text) != std::string_view::npos)) continue;
        std::string known{line};
        if (!recent_.insert(known).second) continue;
        order_.push_back(std::move(known));
        if (order_.size() > recent_max) {
            recent_.erase(order_.front());
            order_.pop_front();
        }
        add(at_ms, "shown", line);
    }
}

void SessionText::end_line(Line& line)
{
    if (!line.text.empty()) add(line.from_ms, "typed", std::exchange(line.text, {}));
}

void SessionText::type(std::uint16_t channel, std::string_view bytes, std::uint64_t at_ms)
{
    if (!typed_.contains(channel)) make_room(typed_);
    auto& line = typed_[channel];
    if (at_ms > line.last_ms + typing_pause_ms) end_line(line);
    line.last_ms = at_ms;
    for (char const c : line.utf8.feed(bytes)) {
        if (line.text.empty()) line.from_ms = at_ms;
        if (c == '\r' || c == '\n') {
            end_line(line);
        } else if (c == delete_key || c == '\b') {
            drop_last(line.text);
        } else if (static_cast<unsigned char>(c) < 0x20U) {
            // A control or an arrow: what comes next is another word.
            line.text += ' ';
        } else {
            line.text += c;
        }
        if (line.text.size() >= typed_bytes_max) end_line(line);
    }
}

/// A key of a desktop becomes what it types; Enter ends the line as in a terminal.
void SessionText::press(std::string_view payload, std::uint64_t at_ms)
{
    auto const key = parse_object(payload);
    if (!key) return;
    auto const* const down = key->if_contains("down");
    if (!down || !down->is_bool() || !down->get_bool()) return;
    auto const name = text_in(*key, "name");
    if (name == "Enter")
        type(0, "\r", at_ms);
    else if (name == "Backspace")
        type(0, "\b", at_ms);
    else if (name == "Tab")
        type(0, " ", at_ms);
    else if (name.empty())
        type(0, text_in(*key, "text"), at_ms);
}

void SessionText::tell(std::string_view payload, std::uint64_t at_ms)
{
    auto const event = parse_object(payload);
    if (!event) return;
    auto const kind = kind_of(text_in(*event, "type"));
    if (kind.empty()) return;
    auto const words = kind == "clipboard" ? text_in(*event, "text") : words_of(*event);
    std::string_view rest{words};
    while (!rest.empty()) {
        auto const end = std::min(rest.find('\n'), rest.size());
        add(at_ms, kind, rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

void SessionText::add(std::uint64_t at_ms, std::string_view kind, std::string_view text)
{
    auto const beginning = text.find_first_not_of(" \t\r");
    if (beginning == std::string_view::npos) return;
    text.remove_prefix(beginning);
    while (!text.empty() && !cut_) {
        // Between two characters, at most.
        auto end = std::min(text.size(), line_chars_max);
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
            ++end;
        auto const line = std::to_string(at_ms) + " " + std::string{kind} + " " +
                          printable(text.substr(0, end), line_chars_max) + "\n";
        text.remove_prefix(end);
        if (text_.size() + line.size() > session_text_max - 64)
            cut_ = true;
        else
            text_ += line;
    }
}

std::string SessionText::finish()
{
    for (auto& [name, stream] : shown_)
        add_lines(stream.text.finish(), stream.last_ms, name.first != FrameKind::output);
    for (auto& [channel, line] : typed_)
        end_line(line);
    if (cut_) text_ += std::to_string((last_us_ - first_us_) / 1000) + " cut \n";
    return std::move(text_);
}

void for_each_line(std::string_view text, std::function<bool(SpokenLine const&)> const& visit)
{
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        auto const line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        SpokenLine spoken{};
        auto const [at, fault] =
            std::from_chars(line.data(), line.data() + line.size(), spoken.at_ms);
        auto const rest = line.substr(static_cast<std::size_t>(at - line.data()));
        auto const second = rest.find(' ', 1);
        if (fault != std::errc{} || !rest.starts_with(' ') || second == std::string_view::npos)
            continue;
        spoken.kind = rest.substr(1, second - 1);
        spoken.text = rest.substr(second + 1);
        if (!visit(spoken)) return;
    }
}

} // namespace ecluse::recording
