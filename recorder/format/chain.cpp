#include "recorder/format/chain.h"

#include "common/bytes.h"
#include "common/split.h"
#include "recorder/format/segment.h"

#include <charconv>
#include <utility>
#include <vector>

namespace ecluse::recording {
namespace {

/// A checkpoint line is the longest: 96 characters of signature, 64 of link, a number.
constexpr std::size_t line_bytes_max = 400;

Error fault(std::string_view why)
{
    return {Errc::corrupt, "chain: " + std::string{why}};
}

/// Decimal without sign or leading zero: one number has one spelling.
Result<std::uint64_t> number(std::string_view word)
{
    std::uint64_t value = 0;
    auto const* const end = word.data() + word.size();
    auto const read = std::from_chars(word.data(), end, value);
    if (read.ec != std::errc{} || read.ptr != end || std::to_string(value) != word)
        return fault("not a number");
    return value;
}

bool is_digest(std::string_view word)
{
    return word.size() == 64 &&
           word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<SegmentEntry> parse_segment(std::vector<std::string_view> const& words)
{
    if (words.size() != 8 || !is_digest(words[4])) return fault("not a segment line");
    // Not inside the braces below: a return out of a half-made aggregate would leak its members.
    SegmentEntry entry{};
    entry.index = ECLUSE_TRY(number(words[1]));
    entry.offset = ECLUSE_TRY(number(words[2]));
    entry.length = ECLUSE_TRY(number(words[3]));
    entry.mono_ms = ECLUSE_TRY(number(words[5]));
    entry.utc_ms = ECLUSE_TRY(number(words[6]));
    entry.sha256 = words[4];
    return entry;
}

Result<CheckpointEntry> parse_checkpoint(std::vector<std::string_view> const& words)
{
    if (words.size() != 4) return fault("not a checkpoint line");
    auto signature = from_base64(words[2]);
    if (!signature || to_base64(*signature) != words[2]) return fault("not a signature");
    return CheckpointEntry{
        .segments = ECLUSE_TRY(number(words[1])), .signature = *std::move(signature)};
}

} // namespace

std::string to_words(SegmentEntry const& entry)
{
    return "s " + std::to_string(entry.index) + " " + std::to_string(entry.offset) + " " +
           std::to_string(entry.length) + " " + entry.sha256 + " " + std::to_string(entry.mono_ms) +
           " " + std::to_string(entry.utc_ms);
}

std::string to_words(CheckpointEntry const& entry)
{
    return "c " + std::to_string(entry.segments) + " " + to_base64(entry.signature);
}

std::string link_after(std::string_view previous_link, std::string_view words)
{
    return to_hex(sha256(std::string{previous_link} + " " + std::string{words}));
}

std::string
checkpoint_message(std::string_view session, std::uint64_t segments, std::string_view link)
{
    return "ecluse-checkpoint 1 " + std::string{session} + " " + std::to_string(segments) + " " +
           std::string{link};
}

Result<std::optional<ChainLine>> ChainReader::next()
{
    auto const rest = text_.substr(offset_);
    if (rest.empty()) return std::optional<ChainLine>{};
    auto const end = rest.substr(0, line_bytes_max).find('\n');
    if (end == std::string_view::npos) return fault("a line without end");
    auto const line = rest.substr(0, end);
    auto const words = split(line, ' ');
    if (!is_digest(words.back()) || line.size() < words.back().size() + 2)
        return fault("a line without link");
    ChainLine read{
        .segment = {},
        .checkpoint = {},
        .link = std::string{words.back()},
        .offset = offset_,
        .bytes = end + 1};
    if (words[0] == "s") {
        read.segment = ECLUSE_TRY(parse_segment(words));
        if (read.segment->index != segments_) return fault("segment out of order");
        if (read.segment->offset != record_bytes_) return fault("segment out of place");
        if (read.segment->length == 0 || read.segment->length > segment_der_max)
            return fault("segment length out of bounds");
        if (read.segment->mono_ms < mono_ms_) return fault("time runs backwards");
    } else if (words[0] == "c") {
        read.checkpoint = ECLUSE_TRY(parse_checkpoint(words));
        if (read.checkpoint->segments != segments_) return fault("checkpoint out of place");
    } else {
        return fault("unknown line");
    }
    auto const covered = line.substr(0, line.size() - words.back().size() - 1);
    if (link_after(link_, covered) != read.link) return fault("wrong link");

    if (read.segment) {
        ++segments_;
        record_bytes_ += read.segment->length;
        mono_ms_ = read.segment->mono_ms;
    }
    link_before_ = std::exchange(link_, read.link);
    offset_ += read.bytes;
    return std::optional{std::move(read)};
}

} // namespace ecluse::recording
