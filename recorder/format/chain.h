#pragma once

#include "common/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// chain.txt: one line per segment and per checkpoint. A line's last word is its link, the SHA-256
/// of the link before it, a space, and the line's other words; the link before the first line is
/// the SHA-256 of header.json.
namespace ecluse::recording {

struct SegmentEntry {
    std::uint64_t index;
    std::uint64_t offset;
    std::uint64_t length;
    /// Of the segment's bytes in record.bin, hexadecimal.
    std::string sha256;
    std::uint64_t mono_ms;
    std::uint64_t utc_ms;
};

struct CheckpointEntry {
    /// How many segments stand before it.
    std::uint64_t segments;
    /// By the session key, over `checkpoint_message`; DER.
    std::string signature;
};

struct ChainLine {
    std::optional<SegmentEntry> segment;
    std::optional<CheckpointEntry> checkpoint;
    /// Hexadecimal.
    std::string link;
    /// Where the line begins in the file, and its length with the line end.
    std::size_t offset;
    std::size_t bytes;
};

/// The words of a line, link excluded.
[[nodiscard]] std::string to_words(SegmentEntry const& entry);
[[nodiscard]] std::string to_words(CheckpointEntry const& entry);
[[nodiscard]] std::string link_after(std::string_view previous_link, std::string_view words);
/// What a checkpoint signs: the link before it.
[[nodiscard]] std::string
checkpoint_message(std::string_view session, std::uint64_t segments, std::string_view link);

/// Reads lines in order and checks everything that the chain alone can prove: grammar, one way of
/// writing each number, links, indexes, offsets, times that do not run backwards.
class ChainReader {
public:
    ChainReader(std::string_view text, std::string header_sha256)
        : text_{text}, link_{std::move(header_sha256)}
    {
    }

    /// nullopt at the end of the text. After an error the reader stays where the fault is.
    [[nodiscard]] Result<std::optional<ChainLine>> next();

    [[nodiscard]] std::string const& link() const { return link_; }
    [[nodiscard]] std::uint64_t segments() const { return segments_; }
    [[nodiscard]] std::uint64_t record_bytes() const { return record_bytes_; }
    /// Where the next line begins, or the faulty one.
    [[nodiscard]] std::size_t offset() const { return offset_; }
    /// The link before the line last returned: what a checkpoint signs.
    [[nodiscard]] std::string const& link_before() const { return link_before_; }

private:
    std::string_view text_;
    std::string link_;
    std::string link_before_;
    std::size_t offset_ = 0;
    std::uint64_t segments_ = 0;
    std::uint64_t record_bytes_ = 0;
    std::uint64_t mono_ms_ = 0;
};

} // namespace ecluse::recording
