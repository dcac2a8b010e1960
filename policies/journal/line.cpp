#include "policies/journal/line.h"

#include "common/bytes.h"
#include "common/split.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace ecluse {

namespace {

constexpr std::string_view magic = "ecluse-journal 1 ";
constexpr std::size_t digest_digits = 64;
constexpr std::size_t type_chars_max = 64;
constexpr std::size_t chain_chars_max = 40;
constexpr std::size_t signature_chars_max = 160; // DER of a P-256 signature is at most 72 bytes

Error bad(std::string_view what)
{
    return {Errc::malformed, "journal line: " + std::string{what}};
}

/// Digits without a leading zero, "0" itself included.
Result<std::int64_t> parse_sequence(std::string_view text)
{
    std::int64_t number = 0;
    auto const* const end = text.data() + text.size();
    auto const parsed = std::from_chars(text.data(), end, number);
    if (text.empty() || text.size() > 18 || parsed.ec != std::errc{} || parsed.ptr != end ||
        number < 0 || (text.size() > 1 && text[0] == '0'))
        return bad("sequence");
    return number;
}

bool is_digest(std::string_view text)
{
    return text.size() == digest_digits && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

bool is_utc_millis(std::string_view text)
{
    constexpr std::size_t seconds_chars = 19; // "2026-11-21T08:00:00"
    if (text.size() != seconds_chars + 5 || text[seconds_chars] != '.' || text.back() != 'Z')
        return false;
    auto const millis = text.substr(seconds_chars + 1, 3);
    return parse_iso(std::string{text.substr(0, seconds_chars)} + "Z") &&
           std::all_of(millis.begin(), millis.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_type(std::string_view text)
{
    return !text.empty() && text.size() <= type_chars_max && text.front() != '.' &&
           text.back() != '.' && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
           });
}

bool is_chain(std::string_view text)
{
    return !text.empty() && text.size() <= chain_chars_max &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '-';
           });
}

/// One text for one signature: a second spelling of the same bytes would be an unseen change.
bool is_base64(std::string_view text)
{
    if (text.empty() || text.size() > signature_chars_max) return false;
    auto const bytes = from_base64(text);
    return bytes && to_base64(*bytes) == text;
}

} // namespace

std::string to_line(JournalHeader const& header)
{
    return std::string{magic} + header.chain + " " + std::to_string(header.first);
}

Result<JournalHeader> parse_journal_header(std::string_view line)
{
    if (!line.starts_with(magic)) return bad("not the first line of a journal");
    auto const words = split(line.substr(magic.size()), ' ');
    if (words.size() != 2 || !is_chain(words[0])) return bad("first line");
    auto const first = ECLUSE_TRY(parse_sequence(words[1]));
    if (first < 1) return bad("first line");
    return JournalHeader{std::string{words[0]}, first};
}

std::string text_before_link(JournalLine const& line)
{
    auto const start = std::to_string(line.sequence) + " " + line.utc + " ";
    if (line.is_checkpoint) return "C " + start + line.signature;
    return start + line.type + " " + line.commitment;
}

std::string to_line(JournalLine const& line)
{
    return text_before_link(line) + " " + line.link;
}

Result<JournalLine> parse_journal_line(std::string_view line)
{
    if (line.size() > journal_line_bytes_max) return bad("too long");
    auto words = split(line, ' ');
    JournalLine read;
    read.is_checkpoint = words[0] == "C";
    if (read.is_checkpoint) words.erase(words.begin());
    if (words.size() != (read.is_checkpoint ? 4U : 5U)) return bad("number of words");
    read.sequence = ECLUSE_TRY(parse_sequence(words[0]));
    if (!read.is_checkpoint && read.sequence == 0) return bad("sequence");
    if (!is_utc_millis(words[1])) return bad("time");
    read.utc = words[1];
    if (read.is_checkpoint) {
        if (!is_base64(words[2])) return bad("signature");
        read.signature = words[2];
    } else {
        if (!is_type(words[2])) return bad("type");
        if (!is_digest(words[3])) return bad("commitment");
        read.type = words[2];
        read.commitment = words[3];
    }
    if (!is_digest(words.back())) return bad("link");
    read.link = words.back();
    return read;
}

std::string first_link(std::string_view header_line)
{
    return to_hex(sha256(header_line));
}

std::string next_link(std::string_view previous, std::string_view text_before_link)
{
    return to_hex(sha256(std::string{previous} + " " + std::string{text_before_link}));
}

std::string commitment_of(std::string_view salt, std::string_view event)
{
    return to_hex(sha256(std::string{salt} + std::string{event}));
}

std::string checkpoint_text(
    std::string_view chain, std::int64_t sequence, std::string_view utc, std::string_view link
)
{
    return "ecluse-journal-checkpoint 1 " + std::string{chain} + " " + std::to_string(sequence) +
           " " + std::string{utc} + " " + std::string{link};
}

} // namespace ecluse
