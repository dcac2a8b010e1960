#include "recorder/text/session_text.h"

#include "recorder/search/query.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace ecluse;
using namespace ecluse::recording;

namespace {

/// Every line of a text is one of its own kinds, at a time that was, without controls.
void check(std::string const& text)
{
    if (text.size() > session_text_max) std::abort();
    std::size_t lines = 0, read = 0;
    for (char const c : text) {
        if (c == '\n')
            ++lines;
        else if (static_cast<unsigned char>(c) < 0x20)
            std::abort();
    }
    for_each_line(text, [&read](SpokenLine const& line) {
        bool known = false;
        for (auto const* const kind :
             {"typed", "shown", "command", "title", "file", "clipboard", "event", "cut"})
            known = known || line.kind == kind;
        if (!known) std::abort();
        ++read;
        return true;
    });
    if (lines != read) std::abort();
}

} // namespace

/// Frames of a hostile target and a hostile vendor: the first byte of each piece says which kind
/// and how long. What is typed into a search is a list of FTS5 strings, whatever it was.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view rest{reinterpret_cast<char const*>(data), size};
    if (auto const query = to_query(rest)) {
        std::size_t marks = 0;
        for (char const c : *query)
            marks += c == '"' ? 1 : 0;
        if (marks % 2 != 0 || query->front() != '"') std::abort();
    }
    SessionText text;
    std::uint64_t at_us = 0;
    while (rest.size() >= 2) {
        static constexpr FrameKind kinds[] = {
            FrameKind::output,
            FrameKind::input,
            FrameKind::key,
            FrameKind::event,
            FrameKind::bytes_down,
            FrameKind::hidden_input};
        auto const kind = kinds[static_cast<unsigned char>(rest[0]) % 6];
        auto const length =
            std::min<std::size_t>(static_cast<unsigned char>(rest[1]), rest.size() - 2);
        std::string frame;
        append_frame(
            frame, kind, static_cast<std::uint16_t>(rest[0] & 3), at_us, rest.substr(2, length)
        );
        text.feed(frame);
        rest.remove_prefix(2 + length);
        at_us += 700'000;
    }
    check(text.finish());
    return 0;
}
