#pragma once

#include "common/result.h"
#include "common/time.h"

#include <cstdint>
#include <string>
#include <string_view>

/// The grammar of journal.log, as written in docs/formats/journal.md.
namespace ecluse {

/// Without its line end; the longest is a checkpoint.
constexpr std::size_t journal_line_bytes_max = 512;

/// The first line: which chain this is, and the sequence of its first event.
struct JournalHeader {
    std::string chain;
    std::int64_t first = 1;
};
[[nodiscard]] std::string to_line(JournalHeader const& header);
[[nodiscard]] Result<JournalHeader> parse_journal_header(std::string_view line);

struct JournalLine {
    bool is_checkpoint = false;
    std::int64_t sequence = 0; // of a checkpoint: of the last event before it
    std::string utc;           // "2026-11-21T08:00:00.123Z"
    std::string type;          // of an event
    std::string commitment;    // of an event, 64 hexadecimal digits
    std::string signature;     // of a checkpoint, base64 of DER
    std::string link;
};
/// All of the line but its link: what the link is computed over.
[[nodiscard]] std::string text_before_link(JournalLine const& line);
[[nodiscard]] std::string to_line(JournalLine const& line);
[[nodiscard]] Result<JournalLine> parse_journal_line(std::string_view line);

/// What the line after `line` starts from, for the first line of a file.
[[nodiscard]] std::string first_link(std::string_view header_line);
[[nodiscard]] std::string next_link(std::string_view previous, std::string_view text_before_link);
[[nodiscard]] std::string commitment_of(std::string_view salt, std::string_view event);
/// What the evidence key signs: the chain up to `link`.
[[nodiscard]] std::string checkpoint_text(
    std::string_view chain, std::int64_t sequence, std::string_view utc, std::string_view link
);

} // namespace ecluse
